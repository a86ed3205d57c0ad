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

/** {@code md4 bench sample} as a user meets it. */
@Tag("exact")
final class BenchSampleCommandTest {
  @TempDir private Path folder;
  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = new TinyTraining(folder);
    Files.writeString(tiny.config(), tiny.text());
  }

  private Ran bench(String words) {
    return Ran.md4(Ran.words("bench sample --device cpu --config " + tiny.config() + " " + words));
  }

  @Test
  void table_hasALineForEverything() {
    String table =
        bench("--batch-size 3 --steps 9 --peer-step-ms 7 --peer-gib 2").succeeded().out();
    assertThat(table.lines().map(line -> line.strip().replaceFirst("  .*", "")))
        .containsExactly(
            "device",
            "network",
            "code",
            "sampler",
            "calls",
            "time",
            "sequences/s",
            "memory",
            "plain peer",
            "its memory");
    assertThat(table).contains("ancestral (exact), 9 steps, cosine; 3 sequences, 3 at once");
    assertThat(table).contains("0.063 s at 7.000 ms a step").contains("16 tokens out of 27");
  }

  /** A CPU has no stream but float32, whatever the config and the options say. */
  @Test
  void residual_isThatOfTheNetworkAsItIs() {
    String narrow = "--batch-size 2 --steps 3 --set training.precision=bfloat16";
    assertThat(bench(narrow + " --set training.residual=bfloat16").succeeded().out())
        .contains("bfloat16, residual stream float32");
    Ran asked = bench(narrow + " --residual bfloat16 --json");
    assertThat(asked.err()).isEqualTo("md4: '--residual bfloat16' has no effect on a CPU\n");
    assertThat(asked.json().path("config").path("residual").asText()).isEqualTo("float32");
    bench("--residual bfloat16 --steps 3")
        .failed(2, "'--residual bfloat16': goes with '--precision bfloat16'");
  }

  @Test
  void json_isConsistentWithItself() throws IOException {
    JsonNode json =
        bench("--json --batch-size 2 --count 5 --steps 100 --grid uniform --peer-step-ms 7").json();
    assertThat(json.path("count").asInt()).isEqualTo(5);
    long sequenceCalls = json.path("sequenceCalls").asLong();
    long networkCalls = json.path("networkCalls").asLong();
    assertThat(sequenceCalls).isBetween(5 * 8L, 5 * 16L); // at most once a token
    assertThat(networkCalls).isBetween((sequenceCalls + 1) / 2, sequenceCalls / 2 + 16);
    double seconds = json.path("seconds").asDouble();
    assertThat(json.path("sequencesPerSecond").asDouble()).isCloseTo(5 / seconds, within(1e-9));
    assertThat(json.path("millisecondsACall").asDouble())
        .isCloseTo(1e3 * seconds / networkCalls, within(1e-9));
    // Three batches of two of a hundred steps each.
    assertThat(json.path("peer").path("speedRatio").asDouble())
        .isCloseTo(3 * 100 * 7e-3 / seconds, within(1e-9));
    assertThat(json.path("peer").path("memoryRatio").isNull()).isTrue();
    assertThat(json.path("memory").path("place").asText()).isEqualTo("process");
    assertThat(json.path("memory").path("peakBytes").asLong()).isGreaterThan(50_000_000);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(tiny.config());
    }
  }

  @Test
  void repeats_areTimesOfWhichTheMedianIsTold() {
    JsonNode json = bench("--json --batch-size 2 --steps 4 --repeats 3").json();
    assertThat(json.path("repeats").asInt()).isEqualTo(3);
    double seconds = json.path("seconds").asDouble();
    assertThat(json.path("leastSeconds").asDouble()).isPositive().isLessThanOrEqualTo(seconds);
    assertThat(json.path("mostSeconds").asDouble()).isGreaterThanOrEqualTo(seconds);
    String table = bench("--batch-size 2 --steps 4 --repeats 3").succeeded().out();
    assertThat(table).containsPattern("spread +[0-9.]+ to [0-9.]+ s in 3 times");
  }

  /** The reference's loop asks at every step, a plan at few. */
  @Test
  void reference_asksAtEveryStep() {
    JsonNode plan = bench("--json --batch-size 1 --steps 60 --vocabulary 11").json();
    JsonNode loop = bench("--json --batch-size 1 --steps 60 --draw reference").json();
    assertThat(plan.path("networkCalls").asInt()).isLessThan(17);
    assertThat(loop.path("networkCalls").asInt()).isBetween(40, 61);
    assertThat(loop.path("sampler").path("draw").asText()).isEqualTo("reference");
    assertThat(plan.path("config").path("vocabulary").asInt()).isEqualTo(11);
  }

  /** Half of 16 positions is left, and an order of one token a step asks for each of them once. */
  @Test
  void given_leavesTheRestToBeSampled() {
    JsonNode json = bench("--json --batch-size 3 --sampler confidence --given 0.5").json();
    assertThat(json.path("given").asDouble()).isEqualTo(0.5);
    assertThat(json.path("networkCalls").asInt()).isEqualTo(8);
    assertThat(json.path("sequenceCalls").asInt()).isEqualTo(3 * 8);
    JsonNode all = bench("--json --batch-size 3 --sampler confidence").json();
    assertThat(all.path("networkCalls").asInt()).isEqualTo(16);
    assertThat(bench("--batch-size 3 --steps 4 --given 0.25").succeeded().out())
        .contains("3 sequences, 3 at once, 0.25 of the positions given");
    JsonNode last = bench("--json --batch-size 1 --sampler confidence --given 0.99").json();
    assertThat(last.path("networkCalls").asInt()).isEqualTo(1);
  }

  /** Guidance by the class takes an image network that was trained without classes too. */
  @Test
  void guidance_isThatOfTheNetworkWithoutAClass() throws IOException {
    String unet = "network: {kind: unet, image: 4x4x1, width: 32, layers: 1, condition: {%s}}";
    String classes = "classes: 3, labelDropout: ";
    String text = tiny.text().replaceFirst("network: \\{.*}", unet);
    Files.writeString(tiny.config(), text.formatted(classes + 0.1));
    String words = "--steps 3 --batch-size 2 --guidance 2 ";
    assertThat(bench(words + "--json").json().path("guidance").asDouble()).isEqualTo(2);
    assertThat(bench(words).succeeded().out()).contains("2 at once, guidance 2.0");
    Files.writeString(tiny.config(), text.formatted(classes + 0));
    bench(words).failed(2, "requires a network with model.network.condition.labelDropout above 0");
  }

  @Test
  void wrongUse_isOneLine() {
    bench("--given 1 --steps 3").failed(2, "'--given': must be in [0, 1): 1");
    bench("--count 0").failed(2, "'--count': must be at least 1: 0");
    bench("--repeats 0").failed(2, "'--repeats': must be at least 1: 0");
    bench("--sampler first-hitting --peer-step-ms 3")
        .failed(2, "'--peer-step-ms': has no effect with a sampler without steps");
    bench("--sampler first-hitting --steps 3").failed(2, "'--steps' has no effect");
  }
}
