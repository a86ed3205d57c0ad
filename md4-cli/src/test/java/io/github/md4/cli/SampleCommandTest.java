// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SampleCommandTest {
  private static final int COUNT = 13;

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void write() throws IOException {
    model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
  }

  private Ran sample(String options) {
    return md4(words("sample --device cpu " + options, "--model", model));
  }

  private List<JsonNode> samples(String options) {
    return sample("--json " + options).succeeded().jsonLines();
  }

  private static List<String> texts(List<JsonNode> samples) {
    return samples.stream().map(sample -> sample.path("text").asText()).toList();
  }

  private static int[] tokens(JsonNode sample) {
    return StreamSupport.stream(sample.path("tokens").spliterator(), false)
        .mapToInt(JsonNode::asInt)
        .toArray();
  }

  @Test
  void json_namesEachSample() {
    List<JsonNode> samples = samples("--count 13 --steps 17 --seed 5 --grid uniform");
    assertThat(samples).hasSize(COUNT);
    for (int index = 0; index < COUNT; index++) {
      JsonNode sample = samples.get(index);
      assertThat(sample.path("index").asInt(-1)).isEqualTo(index);
      assertThat(sample.path("seed").asLong()).isEqualTo(5);
      assertThat(sample.path("steps").asInt()).isEqualTo(17);
      assertThat(sample.path("grid").asText()).isEqualTo("uniform");
      assertThat(sample.path("sampler").asText()).isEqualTo("ancestral");
      assertThat(sample.path("draw").asText()).isEqualTo("exact");
      assertThat(sample.path("exact").asBoolean()).isTrue();
      assertThat(sample.path("calls").asInt()).isBetween(1, TinyModel.LENGTH);
      int[] tokens = tokens(sample);
      assertThat(tokens).hasSize(TinyModel.LENGTH);
      assertThat(sample.path("text").asText())
          .isEqualTo(TinyModel.OF_SEVEN.tokenizer().decode(tokens))
          .doesNotContain(Tokenizer.MASK_TEXT);
    }
    assertThat(texts(samples)).doesNotHaveDuplicates();
  }

  @Test
  void text_isThatOfJson() {
    List<JsonNode> samples = samples("--count 3 --steps 17");
    List<String> lines =
        IntStream.range(0, 3)
            .boxed()
            .flatMap(
                index ->
                    Stream.of(
                        "--- sample %d, seed 0, ancestral (exact), 17 steps, cosine, %d calls"
                            .formatted(index, samples.get(index).path("calls").asInt()),
                        texts(samples).get(index)))
            .toList();
    assertThat(sample("--count 3 --steps 17").succeeded().out().lines())
        .containsExactlyElementsOf(lines);
  }

  @Test
  void batchSizeAndCount_doNotChangeATextNorARepetition() {
    List<String> texts = texts(samples("--count 13 --steps 17"));
    for (String options : new String[] {"", "--batch-size 1", "--batch-size 7"}) {
      assertThat(texts(samples("--count 13 --steps 17 " + options))).isEqualTo(texts);
    }
    assertThat(texts(samples("--count 5 --steps 17"))).isEqualTo(texts.subList(0, 5));
  }

  @Test
  void seedStepsGridAndWeights_changeTheTexts() throws IOException {
    List<String> texts = texts(samples("--count 13 --steps 17"));
    for (String options :
        new String[] {"--steps 17 --seed 1", "--steps 3", "--steps 17 --grid uniform"}) {
      assertThat(texts(samples("--count 13 " + options))).as(options).isNotEqualTo(texts);
    }
    assertThat(samples("--count 13 --steps 17 --precision bfloat16")).hasSize(COUNT);
    Ran narrow = sample("--count 13 --steps 17 --precision bfloat16 --residual bfloat16");
    assertThat(narrow.code()).isZero();
    assertThat(narrow.err()).contains("'--residual bfloat16' has no effect on a CPU");
    Path run = folder.resolve("run");
    TinyModel.OF_SEVEN.writeCheckpoint(run.resolve("checkpoints/step-1"), 1, 2);
    model = run;
    assertThat(texts(samples("--count 13 --steps 17"))).isEqualTo(texts);
    assertThat(texts(samples("--count 13 --steps 17 --weights raw"))).isNotEqualTo(texts);
  }

  @Test
  void defaults_areAThousandStepsOnTheCosineGrid() {
    JsonNode sample = samples("--count 1").get(0);
    assertThat(sample).isEqualTo(samples("--count 1 --steps 1000 --grid cosine --seed 0").get(0));
    assertThat(sample.path("steps").asInt()).isEqualTo(1000);
  }

  @Test
  void length_mayExceedTheTrainedOneWithAWarning() {
    assertThat(samples("--count 2 --steps 5 --length 1"))
        .allMatch(sample -> sample.path("tokens").size() == 1);
    Ran longer = sample("--count 2 --steps 5 --json --length " + 10 * TinyModel.LENGTH);
    assertThat(longer.jsonLines())
        .hasSize(2)
        .allMatch(sample -> sample.path("tokens").size() == 10 * TinyModel.LENGTH);
    assertThat(longer.err())
        .startsWith("md4: --length 110 is 10.0 times the 11 tokens that the model was trained on")
        .hasLineCount(1);
  }

  @Test
  void blanksLineEndsAndMasks_areSeen() throws IOException {
    Path lines = Files.writeString(folder.resolve("lines"), "ab cd ef\n");
    assertThat(sample("--reconstruct " + lines + " --at 0.5").succeeded().out().lines().findFirst())
        .hasValueSatisfying(line -> assertThat(line).matches("--- from [a-f \u2588]{8}"));
    String table = sample("--distribution " + lines + " --at 0.5 --top 7").succeeded().out();
    assertThat(table.lines().skip(3).findFirst())
        .hasValueSatisfying(
            line -> assertThat(line).startsWith("    2  \u2423  ").contains("  \u2423 0."));
    model = new TinyModel(new Tokenizer.Characters("\nabcd")).write(folder.resolve("lined"), 1);
    Path sequences = Files.writeString(folder.resolve("a.jsonl"), "{\"tokens\":[1,0,2]}\n");
    assertThat(sample("--distribution " + sequences + " --at 1 --top 5").succeeded().out())
        .contains("\n    1  \u240a  \u2588");
  }

  @Test
  void modelAlone_isOneText() {
    Ran alone = md4("sample", model, "--device", "cpu", "--json").succeeded();
    assertThat(alone.json()).isEqualTo(samples("--count 1").get(0));
    md4("sample", model, "--model", model).failed(2, "the model is named twice");
    md4("sample").failed(2, "Missing required option: '--model=DIR', or RUN alone");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--sampler ancestral --draw reference --steps 17 | ancestral | reference | false",
        "--sampler mean --grid uniform                   | mean | exact | true",
        "--sampler mean --draw reference --steps 5       | mean | reference | false",
        "--sampler first-hitting --leftovers drawn       | first-hitting | exact | true",
        "--sampler confidence --tokens-per-step 3        | confidence | exact | false",
        "--sampler margin --order-temperature 0.5        | margin | exact | false",
        "--sampler entropy --temperature 0               | entropy | exact | false",
        "--sampler remask-cap --remask-rate 0.3 --steps 9 | remask-cap | exact | false",
        "--sampler remask-rescale --steps 40             | remask-rescale | exact | false",
        "--sampler remask-confidence --steps 30          | remask-confidence | exact | false",
      })
  void samplers_areNamedInWhatTheyPrint(String options, String name, String draw, boolean exact) {
    for (JsonNode sample : samples("--count 3 " + options)) {
      assertThat(sample.path("sampler").asText()).isEqualTo(name);
      assertThat(sample.path("draw").asText()).isEqualTo(draw);
      assertThat(sample.path("exact").asBoolean()).isEqualTo(exact);
      assertThat(tokens(sample)).hasSize(TinyModel.LENGTH);
      assertThat(sample.path("text").asText()).matches("[a-f ]{11}");
    }
    String label = sample("--count 1 --length 2 " + options).succeeded().out();
    assertThat(label)
        .startsWith("--- sample 0, seed 0, " + name + (exact ? " (exact), " : " (approximate), "));
    assertThat(label.contains(", reference draw at every step, "))
        .isEqualTo(draw.equals("reference"));
    assertThat(label.lines().findFirst().orElseThrow()).doesNotContain("exact draw");
  }

  /** A plan asks at most once a position, the reference's loop at every step until all is there. */
  @Test
  void calls_areOfThePlanOrOfTheLoop() {
    assertThat(samples("--count 5 --steps 500"))
        .allMatch(sample -> sample.path("calls").asInt() <= TinyModel.LENGTH);
    assertThat(samples("--count 5 --steps 200 --draw reference"))
        .allMatch(sample -> sample.path("calls").asInt() > 60);
    assertThat(samples("--count 2 --sampler first-hitting"))
        .allMatch(sample -> sample.path("calls").asInt() >= TinyModel.LENGTH - 1);
  }

  @Test
  void truncations_areComposed() {
    JsonNode sample = samples("--count 1 --top-k 3 --top-p 0.9 --temperature 0.7").get(0);
    assertThat(sample.path("law").asText()).isEqualTo("temperature 0.7, top-k 3, top-p 0.9");
    assertThat(sample("--count 1 --top-k 3 --top-p 0.9 --temperature 0.7").succeeded().out())
        .contains("cosine, temperature 0.7, top-k 3, top-p 0.9, ");
    List<String> greedy = texts(samples("--count 4 --sampler confidence --top-k 1"));
    assertThat(texts(samples("--count 4 --sampler confidence --temperature 0"))).isEqualTo(greedy);
    assertThat(samples("--count 1").get(0).has("law")).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--count 0 | '--count': must be at least 1: 0",
        "--count 1 --steps 0 | '--steps': must be at least 1: 0",
        "--count 1 --length 0 | '--length': must be at least 1: 0",
        "--count 1 --batch-size 0 | '--batch-size': must be at least 1: 0",
        "--count 1 --grid sine | '--grid': grid must be uniform or cosine: sine",
        "--count 1 --seed x | '--seed': 'x' is not a whole number",
        "--count 1 --residual bfloat16 | '--residual bfloat16': goes with '--precision bfloat16'",
        "--count 1 --residual half | '--residual': precision must be float32 or bfloat16: half",
        "--count many | '--count': 'many' is not a whole number",
        "--count 1 --colour | Unknown option",
        "--at 0.5 | Missing required argument",
        "--count 1 --top-p 0 | '--top-p': p must be in (0, 1]: 0.0",
        "--count 1 --top-p 1.5 | '--top-p': p must be in (0, 1]: 1.5",
        "--count 1000000000000 | '--count': must be at most 2,147,483,647: 1,000,000,000,000",
        "--count 1 --steps 99999999999 | '--steps': must be at most 1,048,576: 99,999,999,999",
        "--count 1 --seed 9223372036854775808 | '--seed': must be at most 9,223,372,036,854,775,807",
        "--count 1 --seed -9223372036854775809 | must be at least -9,223,372,036,854,775,808",
        "--count 1e6 | '--count': '1e6' is not a whole number",
        "--count 1 --temperature 0,5 | '--temperature': must be a number, such as 0.5: 0,5",
        "--count 1 --temperature warm | '--temperature': must be a number, such as 0.5: warm",
        "--count 1 --temperature 1e999 | '--temperature': 1e999 is too large for a number of 64",
        "--count 1 --top-p x | '--top-p': must be a number, such as 0.5: x",
        "--count 1 --top-k 0 | '--top-k': must be at least 1: 0",
        "--count 1 --temperature -1 | '--temperature': must be at least 0: -1",
        "--count 1 --sampler eulerian | '--sampler': sampler must be ancestral, mean,",
        "--count 1 --draw float16 | '--draw'",
        "--count 1 --leftovers none | '--leftovers': leftovers must be argmax or drawn: none",
        "--count 1 --sampler first-hitting --steps 5 | '--steps' has no effect with --sampler first-hitting",
        "--count 1 --sampler margin --grid uniform | '--grid' has no effect with --sampler margin",
        "--count 1 --sampler margin --draw exact | '--draw' has no effect with --sampler margin",
        "--count 1 --tokens-per-step 2 | '--tokens-per-step' has no effect with --sampler ancestral",
        "--count 1 --remask-rate 0.1 | '--remask-rate' has no effect with --sampler ancestral",
        "--count 1 --sampler remask-cap --remask-rate 0 | '--remask-rate': must be in (0, 1]: 0",
        "--reconstruct texts | Missing required",
        "--reconstruct texts --at 1.5 | '--at': must be in (0, 1]: 1.5",
        "--reconstruct texts --at 0.5 --top 3 | '--top' has no effect with --reconstruct",
        "--reconstruct texts --at 0.5 --count 3 | mutually exclusive",
      })
  void usage_isOneLine(String options, String expected) {
    sample(options).failed(2, expected);
  }

  @Test
  void model_thatIsNoneIsRefused() throws IOException {
    Path whole = model;
    model = folder.resolve("nowhere");
    sample("--count 1").failed(3, "nowhere: no such folder");
    model = Files.writeString(folder.resolve("book.txt"), "a text");
    sample("--count 1").failed(3, "book.txt: is a file, not a folder");
    model = Files.createDirectory(folder.resolve("empty"));
    sample("--count 1").failed(3, "empty: is neither a run with a checkpoint nor a model");
    model = Files.createDirectory(folder.resolve("all"));
    Files.createDirectories(model.resolve("mine/checkpoints"));
    sample("--count 1").failed(3, "nor a model; name one, such as " + model.resolve("mine"));
    model = whole.resolveSibling("mdoel");
    sample("--count 1").failed(3, "is expected; did you mean " + whole + "?");
    model = folder.resolve("mine");
    Path ofRuns = Files.createDirectories(folder.resolve("runs/mine"));
    sample("--count 1").failed(3, "is expected; did you mean " + ofRuns + "?");
    model = whole;
    Path weights = model.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(bytes, bytes.length / 2));
    sample("--count 1").failed(3, "model.safetensors: ");
  }

  @Test
  void device_thatIsAbsentIsCodeFour() {
    md4("sample", "--count", 1, "--model", model, "--device", "gpu:99")
        .failed(4, "no GPU is there: ");
  }

  @Test
  void sampling_writesNothing() throws IOException {
    assertThat(samples("--count 1 --steps 3")).hasSize(1);
    try (Stream<Path> files = Files.list(model)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("config.json", "tokenizer.json", "model.safetensors");
    }
  }
}
