// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.train.bench.BenchResult;
import io.github.md4.train.bench.MemoryUse;
import io.github.md4.train.bench.StepBench;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.speed.Spread;
import io.github.md4.train.update.UpdateListener.Phase;
import java.util.Locale;

/** The report of {@code md4 bench train}. */
record BenchReport(
    StepBench.Workload workload,
    StepBench.Repetitions repetitions,
    BenchHost host,
    BenchResult result) {
  private static final double GIB = 1L << 30;
  private static final double TERA = 1e12;

  Table table() {
    Table table = new Table();
    table.row("device", "%s", host);
    table.row("training", "%s", training());
    table.row("network", "%s", network());
    table.row("code", "%s", result.work().code());
    speedRows(table);
    partRows(table);
    workRows(table);
    return table;
  }

  /** Returns the report for scripts; unknown numbers are null. */
  ObjectNode json() {
    BenchResult.Throughput throughput = result.throughput();
    ObjectNode json = Json.report();
    json.set("host", host.json());
    json.set("config", config());
    json.put("tokensAStep", throughput.tokensAStep());
    json.set("tokensPerSecond", json(throughput.tokensPerSecond()));
    json.set("millisecondsAStep", json(throughput.milliseconds()));
    json.set("partMilliseconds", parts());
    json.set("gapMilliseconds", Json.number(result.gapMilliseconds()));
    json.set("memory", memory());
    json.setAll(work());
    return json;
  }

  /** Returns the name of a part in tables and JSON. */
  private static String name(Phase phase) {
    return phase.name().toLowerCase(Locale.ROOT);
  }

  private String training() {
    TrainingConfig training = workload.training();
    return "%d x %d tokens, micro-batches of %d, %s, vocabulary %d"
        .formatted(
            training.batching().batchSize(),
            workload.model().length(),
            training.batching().microBatch(),
            training.computation().precision()
                + (training.computation().tf32() ? " (TF32 allowed)" : ""),
            workload.vocabularySize());
  }

  private String network() {
    return String.format(
        Locale.ROOT,
        "%s; %,d parameters",
        workload.model().network().summary(),
        result.work().parameters());
  }

  private void speedRows(Table table) {
    Spread speed = result.throughput().tokensPerSecond();
    table.row(
        "tokens/s",
        "%,.0f (%,.0f to %,.0f, interquartile %,.0f; %s of %s)",
        speed.median(),
        speed.min(),
        speed.max(),
        speed.interquartileRange(),
        Counted.of(repetitions.windows(), "window"),
        Counted.of(repetitions.stepsAWindow(), "step"));
    if (workload.model().network().imageShape().isPresent()) {
      table.row("images/s", "%,.1f", speed.median() / workload.model().length());
    }
    table.row("step", "%.3f ms", result.throughput().milliseconds().median());
  }

  private void partRows(Table table) {
    table.row("  data", "%.3f ms", result.parts().data());
    result
        .parts()
        .phases()
        .forEach((phase, milliseconds) -> table.row("  " + name(phase), "%.3f ms", milliseconds));
    table.row("  of it EMA", "%.3f ms", result.parts().average());
    table.row(
        "  sum",
        "%.3f ms, the device waited for after each part; %.3f ms of it overlap",
        result.parts().sum(),
        result.parts().sum() - result.throughput().milliseconds().median());
    table.row("gap", "%s", gap());
    MemoryUse memory = result.memory();
    table.row(
        "memory",
        "%.2f GiB peak, %.2f GiB steady (%s)",
        memory.peakBytes() / GIB,
        memory.steadyBytes() / GIB,
        memory.kind() == MemoryUse.Kind.DEVICE ? "the device's" : "the JVM's heap");
  }

  private String gap() {
    double gap = result.gapMilliseconds();
    return Double.isNaN(gap)
        ? "-"
        : String.format(
            Locale.ROOT,
            "%.3f ms at most, in which the device waits (%.1f%%)",
            gap,
            100 * gap / result.throughput().milliseconds().median());
  }

  private void workRows(Table table) {
    BenchResult.Work work = result.work();
    table.row(
        "FLOPs per token",
        "%.4g dense-equivalent, %.4g needed",
        work.flops().denseEquivalent(),
        work.flops().needed());
    table.row("achieved", "%.3f TFLOP/s, dense-equivalent", result.flopsPerSecond() / TERA);
    table.row(
        "ceiling",
        "%.3f TFLOP/s, product of %d; %.1f%% reached, dense-equivalent, %.1f%% by needed FLOPs",
        work.ceiling() / TERA,
        work.ceilingSize(),
        100 * result.shareOfCeiling(),
        100 * result.neededShareOfCeiling());
  }

  private ObjectNode config() {
    TrainingConfig training = workload.training();
    ObjectNode config =
        Json.object()
            .put("batchSize", training.batching().batchSize())
            .put("microBatch", training.batching().microBatch())
            .put("length", workload.model().length())
            .put("vocabulary", workload.vocabularySize())
            .put("precision", training.computation().precision().toString())
            .put("tf32", training.computation().tf32())
            .put("residual", training.computation().residual().toString())
            .put("kernels", training.computation().kernels().toString())
            .put("recompute", training.computation().recompute().toString())
            .put("emaRate", training.optimization().average().emaRate())
            .put("layout", workload.layout().toString())
            .put("code", result.work().code());
    workload.model().network().facts().forEach(config::putPOJO);
    return config
        .put("clip", training.optimization().clip().toString())
        .put("seed", training.seed())
        .put("warmUp", repetitions.warmUp())
        .put("windows", repetitions.windows())
        .put("stepsAWindow", repetitions.stepsAWindow());
  }

  private static ObjectNode json(Spread spread) {
    return Json.object()
        .put("median", spread.median())
        .put("min", spread.min())
        .put("max", spread.max())
        .put("lowerQuartile", spread.lowerQuartile())
        .put("upperQuartile", spread.upperQuartile());
  }

  private ObjectNode parts() {
    ObjectNode parts = Json.object().put("data", result.parts().data());
    result.parts().phases().forEach((phase, time) -> parts.put(name(phase), time));
    return parts.put("ema", result.parts().average()).put("sum", result.parts().sum());
  }

  private ObjectNode memory() {
    MemoryUse memory = result.memory();
    return Json.object()
        .put("place", memory.kind().name().toLowerCase(Locale.ROOT))
        .put("peakBytes", memory.peakBytes())
        .put("steadyBytes", memory.steadyBytes());
  }

  private ObjectNode work() {
    BenchResult.Work work = result.work();
    return Json.object()
        .put("parameters", work.parameters())
        .put("flopsPerTokenDense", work.flops().denseEquivalent())
        .put("flopsPerTokenNeeded", work.flops().needed())
        .put("flopsPerSecond", result.flopsPerSecond())
        .put("ceilingSize", work.ceilingSize())
        .put("ceilingFlopsPerSecond", work.ceiling())
        .put("shareOfCeiling", result.shareOfCeiling())
        .put("shareOfCeilingNeeded", result.neededShareOfCeiling());
  }
}
