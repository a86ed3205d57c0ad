// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.bench.BenchComparison;
import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code md4 bench train} as a user meets it. */
@Tag("exact")
final class BenchTrainCommandTest {
  private static final List<String> PARTS =
      List.of("data", "forward", "loss", "backward", "exchange", "optimizer");

  @TempDir Path folder;
  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = new TinyTraining(folder);
    Files.writeString(tiny.config(), tiny.text());
  }

  private Ran bench(Object... more) {
    return benchOf(11, more);
  }

  private Ran benchOf(int steps, Object... more) {
    String words = "bench train --device cpu --warm-up 2 --steps %d --config %s";
    return Ran.md4(Ran.words(words.formatted(steps, tiny.config()), more));
  }

  @Test
  void table_hasALineForEverything() {
    Ran ran = bench().succeeded();
    assertThat(ran.out().lines().map(line -> line.strip().replaceFirst("  .*", "")))
        .containsExactly(
            "device",
            "training",
            "network",
            "code",
            "tokens/s",
            "step",
            "data",
            "forward",
            "loss",
            "backward",
            "exchange",
            "optimizer",
            "of it EMA",
            "sum",
            "gap",
            "memory",
            "FLOPs per token",
            "achieved",
            "ceiling");
    assertThat(ran.out()).contains("4 x 16 tokens, micro-batches of 2, float32, vocabulary 27");
    assertThat(ran.out()).contains("5 windows of 2 steps").containsPattern("gap +-\n");
  }

  @Test
  void bench_writesNothing() throws IOException {
    bench().check();
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(tiny.config());
    }
  }

  @Test
  void json_isConsistentWithItself() {
    JsonNode json = bench("--json").succeeded().json();
    assertThat(json.get("tokensAStep").intValue()).isEqualTo(4 * 16);
    // The middle of five windows is the same window either way; the rest is rounding.
    assertThat(median(json, "tokensPerSecond") * median(json, "millisecondsAStep"))
        .isCloseTo(64e3, within(1e-6));
    JsonNode speed = json.get("tokensPerSecond");
    assertThat(List.of("min", "lowerQuartile", "median", "upperQuartile", "max"))
        .extracting(name -> speed.get(name).doubleValue())
        .isSorted();
    JsonNode parts = json.get("partMilliseconds");
    double sum = PARTS.stream().mapToDouble(part -> parts.get(part).doubleValue()).sum();
    assertThat(PARTS).allMatch(part -> parts.get(part).doubleValue() > 0);
    assertThat(parts.get("sum").doubleValue()).isCloseTo(sum, within(1e-9 * sum));
    double rate = median(json, "tokensPerSecond") * json.get("flopsPerTokenDense").doubleValue();
    assertThat(json.get("flopsPerSecond").doubleValue()).isCloseTo(rate, within(1e-9 * rate));
    double share = rate / json.get("ceilingFlopsPerSecond").doubleValue();
    assertThat(json.get("shareOfCeiling").doubleValue()).isCloseTo(share, within(1e-9 * share));
    double needed = share * json.get("flopsPerTokenNeeded").doubleValue();
    assertThat(json.get("shareOfCeilingNeeded").doubleValue())
        .isCloseTo(needed / json.get("flopsPerTokenDense").doubleValue(), within(1e-9 * share))
        .isLessThan(share);
    assertThat(json.get("gapMilliseconds").isNull()).isTrue();
    assertThat(json.at("/memory/place").textValue()).isEqualTo("heap");
    assertThat(json.at("/memory/peakBytes").longValue())
        .isGreaterThanOrEqualTo(json.at("/memory/steadyBytes").longValue());
    assertThat(json.at("/host/device").textValue()).isEqualTo("cpu");
    assertThat(json.has("ratios")).isFalse();
  }

  private static double median(JsonNode json, String name) {
    return json.get(name).get("median").doubleValue();
  }

  @Test
  void comparison_withItselfIsOne_withADoctoredCopyTheQuotient() {
    ObjectNode report = (ObjectNode) bench("--json").succeeded().json();
    JsonNode same = new BenchComparison(report.deepCopy()).addTo(report).get("ratios");
    assertThat(report.get("differences")).isEmpty();
    assertThat(same).hasSize(2 + PARTS.size() + 2 + 2).allMatch(ratio -> ratio.doubleValue() == 1);

    ObjectNode earlier = report.deepCopy();
    double speed = median(report, "tokensPerSecond");
    ((ObjectNode) earlier.get("tokensPerSecond")).put("median", speed / 2);
    ((ObjectNode) earlier.get("partMilliseconds")).put("forward", 0).remove("ema");
    ((ObjectNode) earlier.get("memory")).put("place", "device");
    ((ObjectNode) earlier.get("config")).put("batchSize", 5);
    JsonNode compared = new BenchComparison(earlier).addTo(report);
    assertThat(compared.get("differences"))
        .extracting(JsonNode::textValue)
        .containsExactly("batchSize was 5, is 4");
    JsonNode ratios = compared.get("ratios");
    assertThat(ratios.get("tokensPerSecond").doubleValue()).isEqualTo(2);
    assertThat(ratios.get("backward").doubleValue()).isEqualTo(1);
    assertThat(List.of("forward", "ema", "peakBytes", "steadyBytes"))
        .allMatch(name -> ratios.get(name).isNull());
  }

  @Test
  void compare_printsTheRatiosToTheFile() throws IOException {
    Ran first = bench("--json").succeeded();
    Path file = Files.writeString(folder.resolve("first.json"), first.out());
    JsonNode second = bench("--json", "--compare", file).succeeded().json();
    assertThat(second.at("/ratios/tokensPerSecond").doubleValue())
        .isEqualTo(median(second, "tokensPerSecond") / median(first.json(), "tokensPerSecond"));
    assertThat(bench("--compare", file).succeeded().out().lines())
        .filteredOn(line -> line.startsWith("ratio of "))
        .hasSize(12);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "no JSON", "[1]", "{\"tokensPerSecond\": {\"median\": \"x\"}}"})
  void compare_rejectsAFileThatIsNoReport(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("bad.json"), text);
    bench("--compare", file).failed(ExitCodes.DATA, "bad.json", "md4 bench train --json");
  }

  @Test
  void compare_rejectsAMissingFile() {
    bench("--compare", folder.resolve("none.json")).failed(ExitCodes.DATA, "no such file");
  }

  @Test
  void steps_mustBeOneAtLeast() {
    Ran.md4("bench", "train", "--config", tiny.config(), "--steps", "0")
        .failed(ExitCodes.USAGE, "--steps", "must be at least 1: 0");
  }

  @Test
  void steps_fewerThanWindowsAreAWindowEach() {
    JsonNode json = benchOf(3, "--json").json();
    assertThat(json.at("/config/windows").intValue()).isEqualTo(3);
    assertThat(json.at("/config/stepsAWindow").intValue()).isEqualTo(1);
  }

  @Test
  void vocabulary_isTheOptionsElseTheDatas() throws IOException {
    TinyTraining withData = TinyTraining.prepare(folder);
    assertThat(withData.data("train.bin")).exists();
    assertThat(bench("--json").json().at("/config/vocabulary").intValue()).isEqualTo(9);
    assertThat(bench("--json", "--vocabulary", 61).json().at("/config/vocabulary").intValue())
        .isEqualTo(61);
  }

  @Test
  void tf32_isNamed() {
    Ran ran = bench("--json", "--set", "training.tf32=true");
    assertThat(ran.code()).isZero();
    assertThat(ran.json().at("/config/tf32").booleanValue()).isTrue();
    assertThat(ran.err())
        .isEqualTo("md4: training.tf32 has an effect only on float32 products on a GPU\n");
    assertThat(bench("--json").succeeded().json().at("/config/tf32").booleanValue()).isFalse();
    assertThat(bench("--set", "training.tf32=true").out()).contains("float32 (TF32 allowed), vo");
  }

  /** A process of its own each: libtorch reads it at its start. */
  @Test
  @Tag("gpu")
  void tf32_isInEffectWhereItIsAllowed_andElseNot() throws Exception {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: TF32 is not tested");
    for (boolean isAllowed : new boolean[] {false, true}) {
      String words = "bench train --device gpu --warm-up 1 --steps 1 --json --config %s --set %s";
      Object[] options = {tiny.config(), "training.tf32=" + isAllowed};
      try (ChildJvm child =
          ChildJvm.start(Main.class, Map.of(), words.formatted(options).split(" ", -1))) {
        assertThat(child.line())
            .contains("\"code\"")
            .satisfies(
                line -> assertThat(line.contains("float32 products in TF32")).isEqualTo(isAllowed));
        assertThat(child.exitCode()).isZero();
      }
    }
  }
}
