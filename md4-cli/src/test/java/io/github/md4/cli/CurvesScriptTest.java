// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that compares loss curves, on files of a few lines. */
@Tag("exact")
final class CurvesScriptTest {
  private static final Path SCRIPT =
      Path.of("..", "scripts", "bench", "curves.py").toAbsolutePath().normalize();

  @TempDir Path folder;

  private void losses(String run, double... bits) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < bits.length; i++) {
      String line = "{\"step\":%d,\"split\":\"%s\",\"bitsPerToken\":%s}";
      lines.add(line.formatted(5 * (i + 1), "train", bits[i]));
      lines.add(line.formatted(5 * (i + 1), "valid", 99));
    }
    Path metrics = Files.createDirectories(folder.resolve(run)).resolve("metrics.jsonl");
    Files.write(metrics, lines);
  }

  private Process curves() throws IOException {
    assumeTrue(hasPython(), "no python3: scripts/bench/curves.py is not tested");
    return new ProcessBuilder("python3", SCRIPT.toString(), ".")
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("out").toFile())
        .start();
  }

  private static int exitCode(Process process) throws InterruptedException {
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("has ended").isTrue();
    return process.exitValue();
  }

  private String out() throws IOException {
    return Files.readString(folder.resolve("out"));
  }

  private static boolean hasPython() {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(place -> Files.isExecutable(Path.of(place, "python3")));
  }

  /** Spread of (4, 6): sqrt 2. Last differences 0.1 and -0.3: mean -0.1, error 0.4 / 2. */
  @Test
  void curves_tellsTheBand() throws Exception {
    losses("float32-1", 4, 3);
    losses("float32-2", 6, 5);
    losses("default-1", 4.5, 3.1);
    losses("default-2", 6.1, 4.7);
    assertThat(exitCode(curves())).as(out()).isZero();
    assertThat(out().lines().map(line -> line.strip().replaceAll(" +", " ")))
        .contains(
            "step loss spread mean max",
            "5 5.00000 1.41421 0.30000 0.50000",
            "10 4.00000 1.41421 0.20000 0.30000",
            "mean 4.50000 1.41421 0.25000 0.40000",
            "largest 5.00000 1.41421 0.30000 0.50000",
            "default -0.10000 +- 0.20000 2 seeds");
  }

  @Test
  void curves_saysWhatItLeavesOut() throws Exception {
    losses("float32-1", 4, 3);
    losses("narrow-1", 4.5);
    losses("narrow-2", 4.5, 3);
    assertThat(exitCode(curves())).as(out()).isZero();
    assertThat(out())
        .contains("left out of narrow: seed 2", "only 1 of 2 logged steps are in all runs");
  }

  @Test
  void curves_withoutPairs_isAnError() throws Exception {
    losses("float32-1", 4, 3);
    losses("narrow-2", 4.5, 3);
    assertThat(exitCode(curves())).isEqualTo(1);
    assertThat(out()).contains("curves.py: .: no run of default or narrow has a seed of a float32");
  }
}
