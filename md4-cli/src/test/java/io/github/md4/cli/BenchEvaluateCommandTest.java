// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code md4 bench evaluate} as a user meets it. */
@Tag("exact")
final class BenchEvaluateCommandTest {
  @TempDir private Path folder;
  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = new TinyTraining(folder);
    Files.writeString(tiny.config(), tiny.text());
  }

  private Ran bench(String words) {
    return Ran.md4(
        Ran.words("bench evaluate --device cpu --config " + tiny.config() + " " + words));
  }

  @Test
  void table_hasALineForEverything() {
    String table = bench("--batch-size 3 --count 7 --passes 2 --repeats 3").succeeded().out();
    assertThat(table.lines().map(line -> line.split("  ", -1)[0]))
        .containsExactly(
            "device",
            "network",
            "code",
            "estimate",
            "calls",
            "time",
            "spread",
            "sequences/s",
            "tokens/s",
            "memory");
    assertThat(table).contains("continuous; 7 sequences, 3 at once, 2 maskings of each");
    assertThat(table).contains("16 tokens out of 27");
  }

  @Test
  void json_isConsistentWithItself() throws IOException {
    JsonNode json = bench("--json --batch-size 3 --count 7 --passes 20").json();
    assertThat(json.path("count").asInt()).isEqualTo(7);
    assertThat(json.path("passes").asInt()).isEqualTo(20);
    long calls = json.path("networkCalls").asLong(); // but where nothing is masked
    assertThat(calls).isBetween(20 * 2L, 20 * 3L);
    // Half of 7 x 16 positions of 20 passes, with times spread evenly: 1120, at random by some 50.
    assertThat(json.path("askedPositions").asLong()).isBetween(800L, 1440L);
    double seconds = json.path("seconds").asDouble();
    assertThat(json.path("sequencesPerSecond").asDouble()).isCloseTo(7 / seconds, within(1e-9));
    assertThat(json.path("tokensPerSecond").asDouble()).isCloseTo(7 * 16 / seconds, within(1e-6));
    assertThat(json.path("millisecondsACall").asDouble())
        .isCloseTo(1e3 * seconds / calls, within(1e-9));
    assertThat(json.path("memory").path("peakBytes").asLong()).isGreaterThan(50_000_000);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(tiny.config());
    }
  }

  /** Learned powers, classes, and a causal network have estimates of their own. */
  @Test
  void models_areScoredByTheirOwnObjectives() throws IOException {
    String network = "--count 2 --batch-size 2 ";
    assertThat(
            bench(network + "--set model.schedule=learned(1) --set training.samples=2")
                .succeeded()
                .out())
        .contains("continuous from 0.001, reference");
    JsonNode causal =
        bench(
                network
                    + "--set model.objective=autoregressive --set model.network.causal=true --json")
            .json();
    assertThat(causal.path("askedPositions").asInt()).isEqualTo(2 * 16);
    String unet = "network: {kind: unet, image: 4x4x1, width: 32, layers: 1, %s}";
    Files.writeString(
        tiny.config(),
        tiny.text().replaceFirst("network: \\{.*}", unet.formatted("condition: {classes: 3}")));
    assertThat(bench(network + "--json").json().path("networkCalls").asInt()).isEqualTo(1);
  }

  @Test
  void wrongUse_isOneLine() {
    bench("--count 0").failed(2, "'--count': must be at least 1: 0");
    bench("--passes 0").failed(2, "'--passes': must be at least 1: 0");
    bench("--residual bfloat16")
        .failed(2, "'--residual bfloat16': goes with '--precision bfloat16'");
  }
}
