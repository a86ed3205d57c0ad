// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import ai.djl.Device;
import io.github.md4.cli.engine.SystemMemory;
import io.github.md4.cli.report.Bytes;
import io.github.md4.core.DeviceException;
import io.github.md4.core.Precision;
import io.github.md4.core.network.TrainingOptions.Recompute;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.train.TrainingPlan;
import io.github.md4.train.config.Batching;
import io.github.md4.train.config.Computation;
import java.io.IOException;
import java.util.OptionalLong;

/**
 * The check that a micro-batch may fit into the memory of a CPU. The system ends a process that
 * takes more, without a word.
 */
final class MemoryCheck {
  /**
   * The arrays of the width that a layer keeps at least; a layer computed again keeps its input.
   */
  private static final int KEPT = 2;

  /** The share of the positions that have logits; half of them under most schedules. */
  private static final double ASKED = 0.125;

  private MemoryCheck() {}

  /**
   * Checks a training on a CPU; nothing on a GPU, or where the system does not tell what is free.
   *
   * @throws DeviceException if not even a lower bound of a micro-batch's memory is free
   */
  static void check(TrainingPlan plan, Device device) throws IOException {
    OptionalLong free = SystemMemory.available();
    if (!device.isGpu() && free.isPresent()) {
      check(plan, free.getAsLong());
    }
  }

  /** Checks a training where so many bytes are free. */
  static void check(TrainingPlan plan, long free) {
    int micro = microBatch(plan);
    double needed = bytes(plan, micro);
    if (needed > free) {
      throw new DeviceException(
          "training.microBatch %d needs at least %s of memory, %s are free; md4 plan says what fits"
              .formatted(micro, Bytes.text((long) needed), Bytes.text(free)));
    }
  }

  private static int microBatch(TrainingPlan plan) {
    Batching batching = plan.training().batching();
    return plan.communicator().share().microBatch(batching.batchSize(), batching.microBatch());
  }

  /** Returns a lower bound of the bytes of a micro-batch: activations, then logits. */
  private static double bytes(TrainingPlan plan, int micro) {
    double tokens = (double) micro * plan.model().config().length();
    double ofLogits = ASKED * tokens * plan.model().tokenSpace().vocabularySize();
    return valueBytes(plan) * (activations(plan, tokens) + ofLogits);
  }

  private static int valueBytes(TrainingPlan plan) {
    Computation computation = plan.training().computation();
    return computation.precision() == Precision.FLOAT32 ? Float.BYTES : Short.BYTES;
  }

  /** Returns the values that the layers keep for the backward pass; 0 where none are known. */
  private static double activations(TrainingPlan plan, double tokens) {
    if (!(plan.model().config().network() instanceof TransformerConfig network)) {
      return 0;
    }
    boolean isAgain = plan.training().computation().recompute() == Recompute.LAYER;
    return tokens * network.width() * network.layers() * (isAgain ? 1 : KEPT);
  }
}
