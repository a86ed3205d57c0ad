// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Learned powers as a user meets them. */
@Tag("exact")
final class GenMd4CommandTest {
  private static final String[] LEARNED = {
    "--set", "model.schedule=learned(1)", "--set", "training.samples=2"
  };

  @TempDir Path folder;
  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
  }

  private Ran train(String... more) {
    return tiny.train(Stream.concat(Stream.of(LEARNED), Stream.of(more)).toArray(String[]::new));
  }

  private Ran evaluate(String more) {
    return Ran.md4(
        Ran.words(
            "evaluate --device cpu --chunks 9 --model %s --data %s %s"
                .formatted(tiny.run(), tiny.data("valid.bin"), more)));
  }

  private List<JsonObject> trainMetrics() throws IOException {
    try (Stream<String> lines = Files.lines(tiny.run().resolve("metrics.jsonl"))) {
      return lines
          .map(line -> JsonParser.parseString(line).getAsJsonObject())
          .filter(line -> line.get("split").getAsString().equals("train"))
          .toList();
    }
  }

  @Test
  void train_recordsThePowers() throws IOException {
    Ran ran = train().succeeded();
    assertThat(ran.out()).contains("step 12: valid, ema weights:").contains("raw weights:");
    assertThat(tiny.run().resolve("config.yaml"))
        .content()
        .contains("schedule: learned(1)", "samples: 2", "timeFloor: reference", "warmStart: none");
    JsonObject last = trainMetrics().get(3);
    assertThat(last.get("powerMin").getAsDouble()).isLessThan(1);
    assertThat(last.get("powerMax").getAsDouble()).isGreaterThan(1);
    assertThat(last.get("powerMean").getAsDouble()).isCloseTo(1, within(0.1));
  }

  @Test
  void train_resumesAndKeepsItsBestModelWithItsPowers() {
    train("--set", "training.steps=6", "--set", "evaluation.keepBest=true").check();
    Ran resumed = train("--resume", "--set", "evaluation.keepBest=true");
    assertThat(resumed.code()).isZero();
    Ran best =
        Ran.md4(
            Ran.words(
                "evaluate --device cpu --json --chunks 9 --model %s --data %s"
                    .formatted(tiny.run().resolve("best"), tiny.data("valid.bin"))));
    assertThat(best.succeeded().json().get("bitsPerToken").asDouble()).isPositive();
  }

  @Test
  void dryRun_listsThePowers() {
    Ran ran = train("--dry-run").succeeded();
    assertThat(ran.out())
        .containsPattern("schedule\\.powers +\\(\\d+\\) +\\d+\n")
        .containsPattern("one step of 4 x 16 tokens: \\d");
  }

  @Test
  void evaluate_saysHowTheFloorCounts() {
    train().check();
    JsonNode reference = evaluate("--json").succeeded().json();
    JsonNode exact = evaluate("--json --time-floor exact").succeeded().json();
    double diffusion = reference.get("terms").get("diffusion").asDouble();
    assertThat(exact.get("terms").get("diffusion").asDouble())
        .isCloseTo(0.999 * diffusion, within(1e-9));
    assertThat(reference.get("terms").get("reconstruction").asDouble()).isPositive();
    assertThat(reference.get("estimator").asText()).isEqualTo("continuous from 0.001, reference");
    assertThat(reference.get("kind").asText())
        .isEqualTo("upper bound, times 1 / (1 - 0.001) as md4 has it");
    assertThat(evaluate("").succeeded().out())
        .contains("upper bound, times 1 / (1 - 0.001) as md4 has it, continuous from 0.001");
  }

  @Test
  void train_drawsSamplesOnTheWay() throws IOException {
    train().check();
    assertThat(tiny.run().resolve("samples/step-12.txt")).content().isNotBlank();
  }

  @Test
  void bench_countsBothSamplesOfAToken() {
    JsonNode learned = bench(LEARNED);
    JsonNode one = bench();
    double ratio =
        learned.findValue("flopsPerTokenDense").asDouble()
            / one.findValue("flopsPerTokenDense").asDouble();
    assertThat(ratio).isCloseTo(2, within(1e-12));
  }

  private JsonNode bench(String... sets) {
    return Ran.md4(
            Stream.concat(
                    Stream.of(
                        "bench",
                        "train",
                        "--device",
                        "cpu",
                        "--json",
                        "--steps",
                        "2",
                        "--warm-up",
                        "1",
                        "--vocabulary",
                        "9",
                        "--config",
                        tiny.config().toString()),
                    Stream.of(sets))
                .toArray())
        .succeeded()
        .json();
  }

  private Ran sample(String more) {
    return Ran.md4(
        Ran.words("sample --device cpu --json --model %s %s".formatted(tiny.run(), more)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--count 3 --steps 20",
        "--count 3 --steps 20 --grid uniform --sampler mean --top-p 0.9 --temperature 0.8",
        "--count 3 --sampler first-hitting"
      })
  void sample_drawsWithoutMasksLeft(String how) {
    train().check();
    List<JsonNode> samples = sample(how).succeeded().jsonLines();
    assertThat(samples).hasSize(3);
    for (JsonNode sample : samples) {
      assertThat(sample.get("text").asText()).hasSize(16);
      assertThat(sample.get("tokens")).hasSize(16);
    }
    // The same seed draws the same texts, whatever the batch.
    assertThat(sample(how + " --batch-size 1").succeeded().out())
        .isEqualTo(sample(how).succeeded().out());
  }

  @ParameterizedTest
  @CsvSource({
    "--sampler confidence, 'confidence, exact'",
    "--sampler remask-cap, 'remask-cap, exact'",
    "--draw reference, 'ancestral, reference'"
  })
  void sample_refusesSamplersThatNeedACurve(String how, String named) {
    train().check();
    sample("--count 1 " + how)
        .failed(
            ExitCodes.USAGE,
            "--sampler: where the schedule is learned, sampler must be ancestral, mean or",
            ": " + named);
  }

  @Test
  void infillReconstructDistributeAndTrace_takeLearnedPowers() throws IOException {
    train().check();
    Path trace = folder.resolve("t.ndjson");
    Ran infilled =
        Ran.md4(
            "infill",
            "--device",
            "cpu",
            "--model",
            tiny.run(),
            "--steps",
            "8",
            "--trace",
            trace,
            "--template",
            "abc[MASK*5]fgh abc ");
    assertThat(infilled.succeeded().out()).contains("abc").contains("fgh abc ");
    assertThat(trace).content().contains("\"schedule\":\"learned(1)\"");
    assertThat(Ran.md4("trace", trace).code()).isZero();
    Path texts = Files.writeString(folder.resolve("x.txt"), "abc de fgh abc d\n");
    sample("--reconstruct " + texts + " --at 0.5 --steps 8").check();
    JsonNode looked =
        sample("--distribution " + texts + " --at 0.5 --seed 2").succeeded().jsonLines().get(0);
    assertThat(looked.get("positions")).hasSize(16);
  }

  @ParameterizedTest
  @CsvSource({"--steps 10,--steps", "--any-order,--any-order"})
  void evaluate_refusesBoundsThatALearnedScheduleHasNot(String asked, String named) {
    train().check();
    evaluate(asked)
        .failed(
            ExitCodes.USAGE,
            named + ": the model's schedule is learned and has the bound of continuous time only");
  }

  @Test
  void train_refusesALearnedScheduleWithOneSample() {
    tiny.train("--set", "model.schedule=learned", "--set", "training.samples=1")
        .failed(ExitCodes.USAGE, "samples must be 2 where model.schedule is learned: 1");
  }

  @Test
  void resume_refusesAnotherKindOfSchedule() {
    tiny.train("--set", "sampling.count=0").check();
    train("--resume")
        .failed(
            ExitCodes.USAGE,
            "model.schedule: is learned(1), but the weights in " + tiny.run(),
            "were trained with linear; start another run, training.warmStart: " + tiny.run());
  }

  @Test
  void resume_refusesACurveForLearnedPowers() {
    train().check();
    tiny.train("--set", "sampling.count=0", "--resume")
        .failed(
            ExitCodes.USAGE,
            "model.schedule: is linear, but the weights in " + tiny.run(),
            "were trained with learned(1); set it to learned(1)");
  }

  @Test
  void warmStart_beginsWithTheNetworkOfATrainedModel() throws IOException {
    tiny.train("--set", "sampling.count=0").check();
    double cold = firstLoss("cold");
    double warm = firstLoss("warm", "--set", "training.warmStart=" + tiny.run());
    assertThat(warm).isLessThan(cold);
    tiny.train(
            Stream.concat(
                    Stream.of(LEARNED),
                    Stream.of(
                        "--set", "run=" + folder.resolve("x"),
                        "--set", "training.warmStart=" + tiny.run(),
                        "--set", "model.network.layers=1"))
                .toArray(String[]::new))
        .failed(ExitCodes.USAGE, "training.warmStart: ", "has another network than model.network");
  }

  private double firstLoss(String run, String... more) throws IOException {
    Path to = folder.resolve(run);
    train(Stream.concat(Stream.of("--set", "run=" + to), Stream.of(more)).toArray(String[]::new))
        .check();
    try (Stream<String> lines = Files.lines(to.resolve("metrics.jsonl"))) {
      return JsonParser.parseString(lines.findFirst().orElseThrow())
          .getAsJsonObject()
          .get("bitsPerToken")
          .getAsDouble();
    }
  }

  @Test
  void train_stopsWhereThePowersRunAway() {
    train("--set", "training.powers.rate=1e6")
        .failed(ExitCodes.DIVERGED, "the power of token ", "lower training.powers.rate");
  }

  @Test
  void load_refusesPowersThatTheConfigDoesNotKnow() throws IOException {
    train().check();
    Path config = tiny.run().resolve("model/config.json");
    Files.writeString(config, Files.readString(config).replace("learned(1)", "linear"));
    evaluate("")
        .failed(
            ExitCodes.DATA, "has learned powers, but config.json beside it says schedule linear");
  }

  @Test
  void load_refusesAScheduleThatTheWeightsLack() throws IOException {
    tiny.train("--set", "sampling.count=0").check();
    Path config = tiny.run().resolve("model/config.json");
    Files.writeString(config, Files.readString(config).replace("\"linear\"", "\"learned(1)\""));
    evaluate("").failed(ExitCodes.DATA, "has no parameter schedule.powers");
  }
}
