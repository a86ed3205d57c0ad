// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.report.Bytes;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.cli.screen.Pace;
import io.github.md4.core.internal.text.Counted;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The memory, operations and time of a training.
 *
 * @param size the number of parameters and the operations
 * @param memory measured where it was tried
 * @param time from a trial
 * @param onGpu the bytes of a GPU by part, by arithmetic; empty where none is known
 */
record Plan(Experiment experiment, Size size, Memory memory, Time time, Map<String, Long> onGpu) {
  private static final double MILLI = 1e-3;

  /**
   * @param flopsPerToken forward and backward, as for a dense program
   */
  record Size(long parameters, double flopsPerToken) {}

  /**
   * The memory of a training.
   *
   * @param device its name
   * @param parts bytes by part
   * @param availableBytes what the device has for it; negative where unknown
   * @param fittingMicroBatch the largest micro-batch that fits; 0 where not even one example does
   */
  record Memory(
      String device, Map<String, Long> parts, long availableBytes, int fittingMicroBatch) {
    long total() {
      return parts.values().stream().mapToLong(Long::longValue).sum();
    }

    boolean isKnownToFit() {
      return availableBytes >= 0 && total() <= availableBytes;
    }
  }

  /**
   * The time of a training.
   *
   * @param tokensAStep the tokens of a step
   * @param secondsAStep measured
   * @param trialSteps the steps of the trial
   * @param trialExamples the examples of a step of the trial; fewer than the batch where a step
   *     would take too long
   * @param parts the seconds of the whole run by part
   */
  record Time(
      long tokensAStep,
      double secondsAStep,
      int trialSteps,
      int trialExamples,
      Map<String, Double> parts) {
    boolean isKnown() {
      return trialSteps > 0;
    }

    double tokensPerSecond() {
      return tokensAStep / secondsAStep;
    }

    double total() {
      return parts.values().stream().mapToDouble(Double::doubleValue).sum();
    }
  }

  void print(PrintWriter out) {
    Table table = new Table();
    table.row("parameters", "%,d", size.parameters);
    table.row("operations", "%,.0f a token, forward and backward", size.flopsPerToken);
    if (!time.isKnown()) {
      table.row("memory", "of the parameters alone: %s", Bytes.text(memory.total()));
    } else {
      table.row("memory", "%s on %s", Bytes.text(memory.total()), memory.device);
    }
    memory.parts.forEach((part, bytes) -> table.row("  " + part, "%s", Bytes.text(bytes)));
    if (time.isKnown()) {
      addTrial(table);
    } else {
      table.row("time", "not tried: a single example takes this CPU minutes");
    }
    addGpu(table);
    table.print(out);
  }

  /** Returns a sentence where the trial was of smaller batches than the training has. */
  Optional<String> caution() {
    int tried = time.trialExamples;
    int all = experiment.training().batching().batchSize();
    return !time.isKnown() || tried >= all
        ? Optional.empty()
        : Optional.of(
            "the trial had batches of %,d, the training has %,d: speed and memory are rough; more --seconds try larger ones"
                .formatted(tried, all));
  }

  private void addTrial(Table table) {
    table.row("fits", "%s", fits());
    table.row(
        "speed",
        "%,.0f tokens/s, %.4g ms a step, by %s of %s",
        time.tokensPerSecond(),
        time.secondsAStep / MILLI,
        Counted.of(time.trialSteps, "step"),
        Counted.of(time.trialExamples, "example"));
    table.row(
        "time",
        "%s for %s",
        Pace.duration(time.total()),
        Counted.of(experiment.training().steps(), "step"));
    time.parts.forEach((part, seconds) -> table.row("  " + part, "%s", Pace.duration(seconds)));
  }

  private void addGpu(Table table) {
    if (!onGpu.isEmpty()) {
      table.row(
          "on a GPU",
          "%s by arithmetic, not measured: no GPU is here",
          Bytes.text(onGpu.values().stream().mapToLong(Long::longValue).sum()));
      onGpu.forEach((part, bytes) -> table.row("  GPU: " + part, "%s", Bytes.text(bytes)));
    }
  }

  private String fits() {
    if (memory.availableBytes < 0) {
      return "unknown: this system does not tell how much memory is free";
    }
    String free = Bytes.text(memory.availableBytes) + " are free for it";
    int micro = experiment.training().batching().microBatch();
    if (memory.isKnownToFit()) {
      return memory.fittingMicroBatch > micro
          ? "yes, %s; training.microBatch=%d fits too".formatted(free, memory.fittingMicroBatch)
          : "yes, " + free;
    }
    return memory.fittingMicroBatch > 0
        ? "no, %s; training.microBatch=%d fits".formatted(free, memory.fittingMicroBatch)
        : "no, %s, and not even one example fits; take a smaller model".formatted(free);
  }

  ObjectNode json() {
    ObjectNode json = Json.report();
    json.put("parameters", size.parameters).put("flopsPerToken", size.flopsPerToken);
    ObjectNode bytes = json.putObject("memory");
    bytes.put("device", memory.device).put("bytes", memory.total());
    ObjectNode parts = bytes.putObject("parts");
    memory.parts.forEach((part, size) -> parts.put(key(part), size));
    if (memory.availableBytes >= 0) {
      bytes.put("availableBytes", memory.availableBytes);
      bytes.put("fits", memory.isKnownToFit());
      bytes.put("fittingMicroBatch", memory.fittingMicroBatch);
    }
    if (time.isKnown()) {
      addTime(json.putObject("time"));
    }
    if (!onGpu.isEmpty()) {
      ObjectNode gpu = json.putObject("gpuByArithmetic");
      gpu.put("bytes", onGpu.values().stream().mapToLong(Long::longValue).sum());
      ObjectNode partsOfGpu = gpu.putObject("parts");
      onGpu.forEach((part, size) -> partsOfGpu.put(key(part), size));
    }
    return json;
  }

  /** Returns the name of a field for the words of a row. */
  private static String key(String words) {
    String[] each = words.split(" ", -1);
    StringBuilder name = new StringBuilder(each[0].toLowerCase(Locale.ROOT));
    for (int i = 1; i < each.length; i++) {
      name.append(each[i].substring(0, 1).toUpperCase(Locale.ROOT)).append(each[i].substring(1));
    }
    return name.toString();
  }

  private void addTime(ObjectNode seconds) {
    seconds
        .put("steps", experiment.training().steps())
        .put("secondsPerStep", time.secondsAStep)
        .put("tokensPerSecond", time.tokensPerSecond())
        .put("trialSteps", time.trialSteps)
        .put("trialExamples", time.trialExamples)
        .put("seconds", time.total());
    time.parts.forEach(seconds.putObject("parts")::put);
  }
}
