// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.update;

import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.cuda.GpuMemory.Use;
import io.github.md4.core.network.TrainingOptions.Recompute;
import io.github.md4.train.config.TrainingConfig;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The advice where a micro-batch does not fit into the device's memory.
 *
 * @param recomputes the network's choices
 */
record MemoryAdvice(TrainingConfig config, Set<Recompute> recomputes) {
  /** Of what is free: the rest is lost between blocks, and rows vary from step to step. */
  private static final double USABLE = 0.9;

  /** A measurement is of this part of the micro-batch that did not fit. */
  private static final int PART = 8;

  /** Returns of how many examples the memory should be measured. */
  int probe() {
    return Math.max(1, config.batching().microBatch() / PART);
  }

  /**
   * Returns how many examples fit, from what {@link #probe} of them take; empty where that is not
   * known.
   *
   * @param memory what is in use now
   * @param step goes through so many examples
   */
  OptionalInt fitting(Supplier<Optional<Use>> memory, Runnable step) {
    Optional<Use> before = memory.get();
    if (before.isEmpty()) {
      return OptionalInt.empty();
    }
    step.run();
    double taken = memory.get().orElseThrow().used() - before.get().used();
    double free = before.get().size() - before.get().used();
    double fitting = USABLE * free / taken * probe();
    // What says that all would fit is wrong: they did not.
    return taken > 0 && fitting < config.batching().microBatch()
        ? OptionalInt.of((int) fitting)
        : OptionalInt.empty();
  }

  /**
   * Returns the failure as one line.
   *
   * @param fitting how many examples fit, where that was measured
   */
  DeviceException exception(OptionalInt fitting, String complaint, RuntimeException cause) {
    return new DeviceException(
        ("the device's memory is full: training.batchSize %d in micro-batches of"
                + " training.microBatch %d does not fit; %s (%s)")
            .formatted(
                config.batching().batchSize(),
                config.batching().microBatch(),
                remedy(fitting),
                complaint),
        cause);
  }

  private String remedy(OptionalInt fitting) {
    String measured =
        fitting.isPresent() ? "about %d at once do: ".formatted(fitting.getAsInt()) : "";
    OptionalInt smaller = divisor(fitting.orElse(config.batching().microBatch() - 1));
    boolean other =
        !config.computation().recompute().savesMemory() && recomputes.contains(Recompute.LAYER);
    String recompute = "training.recompute=layer";
    if (smaller.isPresent()) {
      return "%stake training.microBatch=%d%s"
          .formatted(measured, smaller.getAsInt(), other ? " or " + recompute : "");
    }
    return "not even one example does: take "
        + (other ? recompute + " or " : "")
        + "a smaller model";
  }

  /** Returns the largest micro-batch that is possible, at most so large and smaller than now. */
  private OptionalInt divisor(int most) {
    return IntStream.rangeClosed(1, Math.min(most, config.batching().microBatch() - 1))
        .filter(examples -> config.batching().batchSize() % examples == 0)
        .max();
  }
}
