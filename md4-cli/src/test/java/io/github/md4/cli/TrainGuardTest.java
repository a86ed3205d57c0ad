// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guard of {@code md4 train} and what the metrics tell of it. */
@Tag("exact")
final class TrainGuardTest {
  @TempDir Path folder;

  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
  }

  private static final String STRICT = "(1.5, 3)";

  private List<JsonObject> guardLines() throws IOException {
    return tiny.metrics().stream()
        .filter(line -> line.get("split").getAsString().equals("guard"))
        .toList();
  }

  /** A batch of four examples is soon far from three others. */
  @Test
  void guard_namesTheStepsThatItSkips_whichCanBeReplayed() throws IOException {
    Ran ran = tiny.train("--set", "training.guard=skip" + STRICT);
    assertThat(ran.code()).isZero();
    List<JsonObject> lines = guardLines();
    assertThat(lines).isNotEmpty();
    assertThat(tiny.metrics()).extracting(line -> line.get("step").getAsLong()).isSorted();
    List<String> told = ran.err().lines().toList();
    assertThat(told).hasSameSizeAs(lines);
    for (int i = 0; i < lines.size(); i++) {
      JsonObject line = lines.get(i);
      long step = line.get("step").getAsLong();
      assertThat(line.get("firstExample").getAsLong()).isEqualTo(4 * (step - 1));
      assertThat(line.get("lastExample").getAsLong()).isEqualTo(4 * step - 1);
      assertThat(told.get(i))
          .startsWith("md4: skipped step " + step + ": ")
          .endsWith("; md4 train --replay " + step + " runs it again");
      Ran replay =
          tiny.train("--set", "training.guard=skip" + STRICT, "--replay", "" + step).succeeded();
      assertThat(replay.out())
          .contains("examples " + 4 * (step - 1) + " to ")
          .containsPattern("loss +%.4f bits".formatted(line.get("bitsPerToken").getAsDouble()))
          .containsPattern("gradient norm +%.4g".formatted(line.get("gradientNorm").getAsDouble()))
          .containsPattern("layers\\.1 +[0-9]");
    }
  }

  @Test
  void guard_rollsBack_andTheRecordsGoBackToo() throws IOException {
    Ran ran =
        tiny.train(
            "--set",
            "training.guard=rollback(2, 3)",
            "--set",
            "training.seed=4",
            "--set",
            "checkpoints.every=2");
    assertThat(ran.code()).isZero();
    List<JsonObject> lines = guardLines();
    assertThat(lines).isNotEmpty().allMatch(line -> line.has("rolledBackFrom"));
    assertThat(tiny.metrics()).extracting(line -> line.get("step").getAsLong()).isSorted();
    assertThat(ran.err().lines())
        .hasSameSizeAs(lines)
        .allMatch(line -> line.matches("md4: went back to step \\d+, and on past step \\d+: .*"));
    assertThat(
            tiny.metrics().stream().filter(line -> line.get("split").getAsString().equals("train")))
        .extracting(line -> line.get("step").getAsLong())
        .containsExactly(3L, 6L, 9L, 12L);
  }

  @Test
  void metrics_haveTheGradientNormWhereAGuardWatches_andTheShareOfAGivenPeak() throws IOException {
    tiny.train("--set", "training.guard=skip", "--set", "training.peakFlops=1e12").check();
    JsonObject line = tiny.metrics().get(0);
    assertThat(line.get("gradientNorm").getAsDouble()).isPositive();
    double share = line.get("modelFlopsUtilisation").getAsDouble();
    // 6 * (1,296 parameters but those of the token table) + 12 * 2 layers * 8 wide * 16 long.
    assertThat(share / line.get("tokensPerSecond").getAsDouble() * 1e12).isBetween(5e3, 50e3);
    assertThat(tiny.run().resolve("config.yaml"))
        .content()
        .contains("guard: skip(6.0, 128)\n")
        .contains("peakFlops: \"1.0E12\"\n");
  }

  @Test
  void metrics_areNullWhereNothingIsKnown() throws IOException {
    tiny.train().check();
    assertThat(tiny.run().resolve("config.yaml")).content().contains("guard: \"off\"\n");
    assertThat(tiny.metrics().get(0).get("gradientNorm").isJsonNull()).isTrue();
    assertThat(tiny.metrics().get(0).get("modelFlopsUtilisation").isJsonNull()).isTrue();
    assertThat(tiny.metrics().get(0).get("modelFlopsUtilisationReason").getAsString())
        .contains("training.peakFlops");
  }
}
