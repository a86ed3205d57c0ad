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
    List<String> texts = texts(samples("--count 3 --steps 17"));
    List<String> lines =
        IntStream.range(0, 3)
            .boxed()
            .flatMap(
                index -> Stream.of("--- sample " + index + ", seed 0, 17 steps", texts.get(index)))
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
  void length_mayExceedTheTrainedOne() {
    for (int length : new int[] {1, 10 * TinyModel.LENGTH}) {
      List<JsonNode> samples = samples("--count 2 --steps 5 --length " + length);
      assertThat(samples).allMatch(sample -> sample.path("tokens").size() == length);
    }
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
        "--count 1 --seed x | '--seed': 'x' is not a long",
        "--count many | '--count': 'many' is not a whole number",
        "--count 1 --colour | Unknown option",
        "--steps 5 | Missing required option: '--count=N'",
      })
  void usage_isOneLine(String options, String expected) {
    sample(options).failed(2, expected);
  }

  @Test
  void model_thatIsNoneIsRefused() throws IOException {
    Path whole = model;
    model = folder.resolve("nowhere");
    sample("--count 1").failed(3, "nowhere: no such folder");
    model = Files.createDirectory(folder.resolve("empty"));
    sample("--count 1").failed(3, "empty: is neither a run with a checkpoint nor a model");
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
