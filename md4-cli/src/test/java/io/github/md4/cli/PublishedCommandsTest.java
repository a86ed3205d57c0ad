// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.model.NamedTensor;
import io.github.md4.core.model.SafeTensors;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.ScoringOptions;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** All commands that take a model, on a model of each published family. */
@Tag("exact")
final class PublishedCommandsTest {
  private static final Path PEERS = Path.of("../md4-core/src/test/resources/peers");
  private static final int GPT2_ROWS = 50_258;
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path folder;

  static List<Path> families() throws IOException {
    try (Stream<Path> all = Files.list(PEERS)) {
      return all.filter(Files::isDirectory).sorted().toList();
    }
  }

  /** Texts that every fixture's vocabulary has: numbers, words of the stand-in, or byte pairs. */
  private static String text(Path published) {
    String name = published.getFileName().toString();
    String word =
        name.equals("dream")
            ? "the cat and the inn."
            : name.matches("(llada|a2d).*") ? "w%d" : "%d";
    return IntStream.range(0, 300)
        .mapToObj(
            line ->
                IntStream.range(0, 12)
                    .mapToObj(i -> word.formatted((line + i * i) % 11))
                    .collect(Collectors.joining(" ")))
        .collect(Collectors.joining("\n"));
  }

  /** Writes the texts as tokens of a model's own vocabulary. */
  private Path data(Path published, Path model) throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), text(published));
    Path data = folder.resolve("data");
    md4("data", "tokens", "--from", text, "--vocabulary", model, "--split", "train", "--out", data)
        .check();
    return data.resolve("train.bin");
  }

  @ParameterizedTest
  @MethodSource("families")
  void commands_takeAPublishedModel(Path published) throws IOException {
    Path model = folder.resolve("model");
    md4("import", "--from", published, "--to", model).check();
    Path data = data(published, published);
    Path samples = sampled(model, published);
    evaluated(model, published, data);
    JsonNode quality =
        md4("quality", "--json", "--order", "2", "--samples", samples, "--reference", data)
            .succeeded()
            .json();
    assertThat(quality.path("samples").path("bitsPerToken").asDouble()).isPositive();
    JsonNode generative =
        md4("evaluate", "generative", "--json", "--samples", samples, "--scorer", scorer())
            .succeeded()
            .json();
    assertThat(generative.path("samples").asInt()).as("" + generative).isPositive();
    trained(model, data);
    scored(model, published);
  }

  /** Samples, traces and infills; the folder and the model made of it give the same. */
  private Path sampled(Path model, Path published) throws IOException {
    Path trace = folder.resolve("t.ndjson");
    String options = "sample --device cpu --json --count 3 --length 8 --steps 5 --seed 7 --model ";
    Ran sampled = md4(words(options + model + " --trace " + trace)).succeeded();
    assertThat(sampled.out()).isEqualTo(md4(words(options + published)).out()).hasLineCount(3);
    assertThat(md4("trace", trace, "--sample", "1").succeeded().out()).isNotBlank();
    Path html = folder.resolve("t.html");
    md4("trace", trace, "--html", html).check();
    assertThat(html).isNotEmptyFile();
    String given = text(published).split("[ \n]", -1)[0];
    JsonNode infilled =
        md4(
                "infill",
                "--device",
                "cpu",
                "--json",
                "--model",
                model,
                "--template",
                given + " [MASK*3]")
            .succeeded()
            .json();
    assertThat(infilled.path("text").asText()).startsWith(given);
    Path lines = Files.writeString(folder.resolve("lines.txt"), given + " " + given + "\n");
    String distribution = "sample --device cpu --at 0.5 --top 3 --distribution " + lines;
    assertThat(md4(words(distribution + " --model " + model)).succeeded().out()).isNotBlank();
    return Files.writeString(folder.resolve("samples.jsonl"), sampled.out());
  }

  /** The losses of the folder and of the model made of it are the same. */
  private void evaluated(Path model, Path published, Path data) throws IOException {
    String options = "evaluate --device cpu --chunks 6 --passes 2 --json --data " + data;
    for (Path each : List.of(model, published)) {
      Path losses = folder.resolve(each.getFileName() + ".csv");
      JsonNode json =
          md4(words(options, "--model", each, "--losses", losses)).succeeded().jsonLines().get(0);
      assertThat(json.path("model").path("tokenizerSha256").asText()).as("" + json).hasSize(64);
      assertThat(losses).isNotEmptyFile();
    }
    List<String> own = losses("model");
    String name = published.getFileName().toString();
    assertThat(own).isNotEmpty().isEqualTo(losses(name));
    Path first = folder.resolve("model.csv");
    JsonNode compared =
        md4("compare", "--json", "--first", first, "--second", folder.resolve(name + ".csv"))
            .succeeded()
            .json();
    assertThat(compared.path("pairs").get(0).path("bitsPerToken").asDouble(1)).isZero();
  }

  private List<String> losses(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name + ".csv")).stream()
        .filter(line -> !line.startsWith("#"))
        .toList();
  }

  private Path scorer() throws IOException {
    return EvaluateGenerativeCommandTest.scorer(folder);
  }

  /** All weights are trained further, from those of the model. */
  private void trained(Path model, Path data) throws IOException {
    JsonNode config = JSON.readTree(model.resolve("config.json").toFile());
    ObjectNode own =
        JSON.createObjectNode().put("version", 1).put("run", "" + folder.resolve("run"));
    own.putObject("data").put("train", "" + data).putArray("evaluate").add("" + data);
    ObjectNode described = own.putObject("model");
    config
        .properties()
        .forEach(
            each -> {
              if (!each.getKey().equals("formatVersion")) {
                described.set(each.getKey(), each.getValue());
              }
            });
    described.put("length", 8);
    own.putObject("training")
        .put("steps", 2)
        .put("batchSize", 2)
        .put("precision", "float32")
        .put("logEvery", 1)
        .put("warmStart", "" + model)
        .putObject("learningRate")
        .put("base", 1e-3)
        .put("warmUp", 0);
    own.putObject("sampling").put("count", 0);
    Path file = Files.writeString(folder.resolve("own.yaml"), own.toPrettyString());
    md4("train", "--device", "cpu", "--config", file).check();
    String first = Files.readAllLines(folder.resolve("run/metrics.jsonl")).get(0);
    assertThat(JSON.readTree(first).path("bitsPerToken").asDouble()).isPositive();
    String sample = "sample --device cpu --length 8 --steps 4 --seed 3 --model ";
    String ours = md4(words(sample + folder.resolve("run"))).succeeded().out();
    Path exported = folder.resolve("exported");
    md4("export", "--model", folder.resolve("run"), "--like", model, "--to", exported).check();
    assertThat(md4(words(sample + exported)).succeeded().out()).isEqualTo(ours);
  }

  /** The sets of MDLM's and SEDD's papers, with a model of GPT-2's vocabulary. */
  @Test
  void suite_takesAPublishedModelOfGpt2sVocabulary() throws IOException {
    Path published = Files.createDirectory(folder.resolve("mdlm"));
    String config = Files.readString(PEERS.resolve("mdlm/config.json"));
    String size = JSON.readTree(config).path("vocab_size").asText();
    Files.writeString(
        published.resolve("config.json"),
        config.replace("\"vocab_size\": " + size, "\"vocab_size\": " + GPT2_ROWS));
    try (SafeTensors tiny = SafeTensors.open(PEERS.resolve("mdlm/model.safetensors"))) {
      List<NamedTensor> all = new ArrayList<>();
      for (String name : tiny.names()) {
        Shape shape = tiny.shape(name);
        if (shape.get(0) == Long.parseLong(size)) {
          long[] more = shape.getShape().clone();
          more[0] = GPT2_ROWS;
          int count = Math.toIntExact(new Shape(more).size());
          all.add(NamedTensor.floats(name, new Shape(more), () -> FloatBuffer.allocate(count)));
        } else {
          all.add(tiny.tensor(name, name));
        }
      }
      SafeTensors.write(published.resolve("model.safetensors"), Map.of(), all);
    }
    Path sets = EvaluateSuiteTest.suite(folder);
    for (String protocol : List.of("sedd", "md4")) {
      Ran ran =
          md4(
              words(
                  "evaluate --device cpu --suite zero-shot --batch-size 8 --chunks 4 --protocol "
                      + protocol,
                  "--model",
                  published,
                  "--data-dir",
                  sets));
      assertThat(ran.code()).as(ran.err()).isZero();
      assertThat(ran.out()).contains("PTB", "LAMBADA");
    }
  }

  private static void scored(Path model, Path published) throws IOException {
    try (MaskedDiffusion loaded = MaskedDiffusion.load(model)) {
      int[] x = loaded.tokenizer().encode(text(published).split("\n", -1)[0]);
      int length = Math.min(x.length, loaded.description().config().length());
      double nats =
          loaded
              .score(Arrays.copyOf(x, length), ScoringOptions.defaults().seed(3).groups(2))
              .natsPerToken();
      assertThat(nats).isFinite();
      assertThat(new TokenSpace(loaded.tokenizer().vocabularySize()).maskToken()).isPositive();
    }
  }

  @Test
  void blocksOfBd3lm_areTheModels() {
    String sample = "sample --device cpu --sampler bd3lm --model " + PEERS.resolve("bd3lm") + " ";
    md4(words(sample + "--length 8 --block 3")).failed(2, "--block", "that of the model, 4: 3");
    md4(words(sample + "--length 10")).failed(2, "--length", "multiples of the model's block, 4");
    String infill = sample.replaceFirst("sample", "infill");
    md4(words(infill + "--template", "0 [MASK*4]")).failed(2, "--template", "block, 4: 5");
    String out = md4(words(sample + "--length 8")).succeeded().out();
    assertThat(out).contains("8 calls").doesNotContain("steps");
    assertThat(md4(words(sample + "--length 8 --steps 3")).succeeded().out()).contains("3 steps");
    md4(words(sample + "--length 8 --stop-at-end")).failed(2, "no token that ends a text");
  }
}
