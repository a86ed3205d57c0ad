// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.md4.core.token.Gpt2Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All stages of {@code scripts/baselines.sh} with the command line itself, on tiny networks. */
@Tag("slow")
final class BaselinesScriptTest {
  private static final Path SCRIPT =
      Path.of("..", "scripts", "baselines.sh").toAbsolutePath().normalize();

  private static final List<String> SMALL =
      List.of(
          "model.length=16",
          "model.network.layers=1",
          "model.network.heads=2",
          "model.network.keyValueHeads=2",
          "model.network.headWidth=4",
          "training.batchSize=4",
          "training.microBatch=4",
          "training.precision=float32",
          "training.learningRate.warmUp=2");

  @TempDir private Path folder;
  private TinyTraining training;
  private RelayedMd4 md4;
  private Path out;

  @BeforeEach
  void prepare() throws IOException {
    training = TinyTraining.prepare(folder);
    out = folder.resolve("runs/results");
    md4 = RelayedMd4.start(folder);
  }

  @AfterEach
  void end() throws InterruptedException {
    md4.stop();
  }

  private int script(Map<String, String> environment, String... stages) throws Exception {
    List<String> command =
        Stream.of(
                Stream.of("sh", SCRIPT.toString(), training.data("").toString()),
                Arrays.stream(stages),
                SMALL.stream().flatMap(set -> Stream.of("--set", set)))
            .flatMap(words -> words)
            .toList();
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("MD4", md4.program().toString());
    builder.environment().put("RUNS", folder.resolve("runs").toString());
    builder.environment().putAll(Map.of("KINDS", "md4 autoregressive", "SEEDS", "42", "JOBS", "2"));
    builder.environment().putAll(Map.of("STEPS", "4", "CHUNKS", "8", "EVERY", "2", "SAMPLES", "1"));
    builder.environment().putAll(Map.of("SAMPLE_STEPS", "2", "GENERATIVE_COUNT", "2"));
    builder.environment().putAll(Map.of("SAMPLERS", "ancestral", "STEPS_OF", "2 4"));
    builder.environment().putAll(environment);
    Process process = builder.redirectOutput(folder.resolve("out").toFile()).start();
    assertThat(process.waitFor(300, TimeUnit.SECONDS)).as("has ended").isTrue();
    return process.exitValue();
  }

  private String said() throws IOException {
    return Files.readString(folder.resolve("out"));
  }

  @Test
  void stages_endInTablesAndPictures_andMakeNothingTwice() throws Exception {
    assertThat(script(Map.of())).as(said()).isZero();
    assertThat(said())
        .contains("text8-tiny-md4-42: trained", "text8-tiny-autoregressive-42: scored")
        .contains("== md4\n", "== autoregressive\n");
    assertThat(Files.readAllLines(out.resolve("table.md")))
        .hasSize(4)
        .anyMatch(row -> row.matches("\\| md4 \\| 42 \\| [0-9.]+ \\| - \\|"))
        .anyMatch(row -> row.matches("\\| autoregressive \\| 42 \\| .* [+-][0-9.]+ \\[.*] \\|"));
    assertThat(out.resolve("curves.svg")).content().contains("autoregressive", "md4");
    checkMeanOfSeeds();
    Map<String, String> scorer = Map.of("SCORER", scorer().toString());
    assertThat(script(scorer, "generative")).as(said()).isZero();
    List<String> rows = Files.readAllLines(out.resolve("generative.md"));
    assertThat(rows).hasSize(6); // the head, and two numbers of steps of either
    for (String name : List.of("generative", "entropy")) {
      assertThat(out.resolve(name + ".png")).isNotEmptyFile();
      assertThat(out.resolve(name + ".svg")).content().contains("md4 ancestral", "steps");
    }
    assertThat(rows.get(2)).isEqualTo(row("md4", "ancestral", 2));
    assertThat(rows.get(5)).isEqualTo(row("autoregressive", "autoregressive", 4));
    md4.forgetCalls();
    assertThat(script(scorer, "train", "losses", "generative")).as(said()).isZero();
    assertThat(md4.calls()).hasSize(4).containsOnly("plot --out"); // two pictures in two forms
    assertThat(Files.readAllLines(out.resolve("generative.md"))).isEqualTo(rows);
  }

  /** A second seed with the losses of the first has a mean that is the first's. */
  private void checkMeanOfSeeds() throws Exception {
    List<String> one = Files.readAllLines(out.resolve("table.md"));
    for (String kind : List.of("md4", "autoregressive")) {
      for (String ending : List.of(".csv", ".json")) {
        String name = "text8-tiny-" + kind + "-";
        Path copy = Files.copy(out.resolve(name + 42 + ending), out.resolve(name + 43 + ending));
        assertThat(copy).isNotEmptyFile();
      }
    }
    assertThat(script(Map.of("SEEDS", "42 43"), "table")).as(said()).isZero();
    List<String> two = Files.readAllLines(out.resolve("table.md"));
    assertThat(two).hasSize(2 + 2 * 3);
    assertThat(two.get(4)).isEqualTo(one.get(2).replace("| 42 |", "| mean of 2 |"));
    String mean = two.get(7);
    assertThat(mean.substring(0, mean.indexOf('[')))
        .isEqualTo(one.get(3).replace("| 42 |", "| mean of 2 |").substring(0, mean.indexOf('[')));
    String difference = mean.replaceAll(".* ([+-][0-9.]+) \\[.*", "$1");
    assertThat(mean).endsWith("[%1$s, %1$s] |".formatted(difference)); // of two that are equal
  }

  /** A GPT-2 of random weights, in the layout in which GPT-2 is published. */
  private Path scorer() throws IOException {
    return new TinyGpt2(16).write(folder.resolve("gpt2"), "transformer.", 5);
  }

  /** Returns the row of a system from the report and the samples themselves. */
  private String row(String kind, String sampler, int steps) throws IOException {
    String name = "text8-tiny-" + kind + "-" + sampler + "-" + steps;
    ObjectMapper json = new ObjectMapper();
    JsonNode quality = json.readTree(out.resolve(name + ".quality.json").toFile());
    List<String> samples = Files.readAllLines(out.resolve(name + ".jsonl"));
    assertThat(samples).hasSize(2);
    double entropy = 0;
    for (String sample : samples) {
      entropy += entropy(json.readTree(sample).path("text").asText()) / samples.size();
    }
    assertThat(quality.path("entropy").asDouble()).isCloseTo(entropy, within(1e-12));
    double perplexity = quality.path("meanOfPerplexities").asDouble();
    assertThat(perplexity).isGreaterThan(1);
    return "| %s | %s | %d | %.2f | %.3f |".formatted(kind, sampler, steps, perplexity, entropy);
  }

  /** Returns the entropy of the tokens that GPT-2 makes of a text, in nats. */
  private static double entropy(String text) {
    int[] tokens = new Gpt2Tokenizer().encode(text);
    Map<Integer, Long> counts =
        Arrays.stream(tokens)
            .boxed()
            .collect(Collectors.groupingBy(token -> token, Collectors.counting()));
    double entropy = 0;
    for (long count : counts.values()) {
      double share = (double) count / tokens.length;
      entropy -= share * Math.log(share);
    }
    return entropy;
  }

  @Test
  void failures_endItWithTheirLine() throws Exception {
    assertThat(script(Map.of("KINDS", "md5"), "train")).isNotZero();
    assertThat(said()).contains("a kind is one of md4 genmd4");
    assertThat(script(Map.of(), "tabel")).isEqualTo(2);
    assertThat(said()).contains("a stage is train, losses, table, curves, samples or generative");
    assertThat(script(Map.of("SCORER", folder.toString()), "generative")).isEqualTo(3);
    assertThat(said()).contains("SCORER has no config.json: " + folder);
  }
}
