// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code md4 schedule --model}. */
@Tag("exact")
final class LearnedScheduleCommandTest {
  @TempDir Path folder;
  private TinyTraining tiny;

  @BeforeEach
  void train() throws IOException {
    tiny = TinyTraining.prepare(folder);
    tiny.train(
            "--set", "model.schedule=learned(1)",
            "--set", "training.samples=2",
            "--set", "training.powers.rate=10",
            "--set", "sampling.count=0")
        .check();
  }

  private Ran schedule(String more) {
    return Ran.md4(Ran.words("schedule --device cpu --model %s %s".formatted(tiny.run(), more)));
  }

  private Ran watch(String more) {
    return schedule(
        "--train %s --valid %s --chunks 12 --passes 2 %s"
            .formatted(tiny.data("train.bin"), tiny.data("valid.bin"), more));
  }

  @Test
  void json_hasEveryTokenTheFirstRevealedInFront() {
    JsonNode json = schedule("--json").succeeded().json();
    List<Double> powers = new ArrayList<>();
    for (JsonNode token : json.path("tokens")) {
      double power = token.path("power").asDouble();
      powers.add(power);
      double half = token.path("halfMasked").asDouble();
      assertThat((1 - 1e-4) * Math.pow(half, power)).isCloseTo(0.5, within(1e-12));
      assertThat(token.path("alpha")).hasSize(11);
      assertThat(token.path("alpha").get(5).asDouble())
          .isCloseTo(1 - (1 - 1e-4) * Math.pow(0.5, power), within(1e-12));
      assertThat(token.path("text").asText()).isNotEmpty();
    }
    assertThat(powers).hasSize(9).isSortedAccordingTo((a, b) -> Double.compare(b, a));
    JsonNode spread = json.path("spread");
    assertThat(spread.path("max").asDouble()).isEqualTo(powers.get(0));
    assertThat(spread.path("min").asDouble()).isEqualTo(powers.get(8));
    assertThat(spread.path("median").asDouble()).isEqualTo(powers.get(4));
    double mean = powers.stream().mapToDouble(p -> p).average().orElseThrow();
    assertThat(spread.path("mean").asDouble()).isCloseTo(mean, within(1e-12));
    double square = powers.stream().mapToDouble(p -> (p - mean) * (p - mean)).sum() / 9;
    assertThat(spread.path("standardDeviation").asDouble())
        .isCloseTo(Math.sqrt(square), within(1e-12));
    assertThat(powers.get(0) - powers.get(8)).isGreaterThan(0.05);
  }

  @Test
  void table_listsBothEnds() {
    String text = schedule("--top 2").succeeded().out();
    assertThat(text).containsSubsequence("powers", "spread", "revealed first", "revealed last");
    assertThat(text.lines().filter(line -> line.matches(" +\\d+  \".*"))).hasSize(4);
    assertThat(schedule("").succeeded().out().lines().filter(line -> line.matches(" +\\d+  \".*")))
        .hasSize(9);
  }

  @Test
  void plot_isAPicture() throws IOException {
    Path plot = folder.resolve("out.png");
    schedule("--plot " + plot).check();
    assertThat(Files.readAllBytes(plot)).startsWith(0x89, 'P', 'N', 'G');
  }

  /** The same numbers as the evaluation's, and the gains' difference. */
  @Test
  void watch_comparesLearnedPowersWithPowersOfOne() {
    JsonNode watch = watch("--json").succeeded().json().path("overfitting");
    JsonNode evaluated =
        Ran.md4(
                Ran.words(
                    "evaluate --device cpu --json --chunks 12 --passes 2 --model %s --data %s"
                        .formatted(tiny.run(), tiny.data("valid.bin"))))
            .succeeded()
            .json();
    JsonNode valid = watch.path("valid");
    assertThat(valid.path("learnedBitsPerToken").asDouble())
        .isCloseTo(evaluated.path("bitsPerToken").asDouble(), within(1e-12));
    double gain =
        valid.path("unitBitsPerToken").asDouble() - valid.path("learnedBitsPerToken").asDouble();
    assertThat(valid.path("gainBitsPerToken").asDouble()).isCloseTo(gain, within(1e-9)).isNotZero();
    assertThat(valid.path("gainInterval").path("low").asDouble()).isLessThan(gain);
    assertThat(valid.path("gainInterval").path("high").asDouble()).isGreaterThan(gain);
    double excess =
        watch.path("train").path("gainBitsPerToken").asDouble()
            - valid.path("gainBitsPerToken").asDouble();
    assertThat(watch.path("excessBitsPerToken").asDouble()).isCloseTo(excess, within(1e-12));
    assertThat(watch.path("excessInterval").path("low").asDouble()).isLessThan(excess);
    assertThat(watch("").succeeded().out())
        .contains("train, learned powers", "valid, powers of 1", "over-fitting of the powers");
  }

  @Test
  void optionsThatNeedLearnedPowers_areRefusedWithoutThem() {
    Ran.md4("schedule", "--top", 3).failed(ExitCodes.USAGE, "--top needs --model=DIR");
    Ran.md4("schedule", "--train", "a", "--valid", "b")
        .failed(ExitCodes.USAGE, "--train and --valid need --model=DIR");
    Ran.md4("schedule", "--schedule", "linear", "--model", tiny.run())
        .failed(ExitCodes.USAGE, "--schedule and --model are mutually exclusive");
  }

  @Test
  void modelWithACurve_isShownAsTheCurve() throws IOException {
    TinyTraining other = TinyTraining.prepare(Files.createDirectory(folder.resolve("curve")));
    other.train("--set", "sampling.count=0").check();
    Ran ran = Ran.md4("schedule", "--device", "cpu", "--model", other.run());
    assertThat(ran.succeeded().out()).startsWith("linear").contains("log-SNR");
    Ran.md4(
            "schedule",
            "--device",
            "cpu",
            "--model",
            other.run(),
            "--train",
            other.data("train.bin"),
            "--valid",
            other.data("valid.bin"))
        .failed(ExitCodes.USAGE, "need a model whose schedule is learned");
  }
}
