// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.LearnedPowers;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.core.schedule.TimeAxis;

/**
 * What must be known of a model besides its weights and its vocabulary.
 *
 * @param objective what it is trained for
 * @param length N, the tokens of a sequence
 * @param schedule the raw curve of alpha, or that it is learned
 * @param epsilon how far the ends of the schedule are squeezed from 0 and 1
 */
public record ModelConfig(
    ModelObjective objective,
    int length,
    ScheduleConfig schedule,
    double epsilon,
    NetworkConfig network) {

  public ModelConfig {
    if (length < 1) {
      throw new IllegalArgumentException("length must be at least 1: " + length);
    }
    network.checkLength(length);
    if (!(epsilon >= 0 && epsilon < 0.5)) {
      throw new IllegalArgumentException("epsilon must be in [0, 0.5): " + epsilon);
    }
    if (network.causal() != (objective == ModelObjective.AUTOREGRESSIVE)) {
      throw new IllegalArgumentException(
          "network.causal must be true for the objective autoregressive, and for no other: "
              + network.causal());
    }
    if (objective == ModelObjective.AUTOREGRESSIVE && schedule instanceof LearnedPowers) {
      throw new IllegalArgumentException(
          "schedule must be a curve for the objective autoregressive: " + schedule);
    }
  }

  /** Of masked diffusion. */
  public ModelConfig(int length, ScheduleConfig schedule, double epsilon, NetworkConfig network) {
    this(ModelObjective.MASKED_DIFFUSION, length, schedule, epsilon, network);
  }

  /** Returns the paper's text8 model. */
  public static ModelConfig defaults() {
    return new ModelConfig(
        256, new Curve.Linear(), MaskingSchedule.DEFAULT_EPSILON, TransformerConfig.defaults());
  }

  /**
   * Returns what it is trained for, over a vocabulary and times.
   *
   * @throws IllegalStateException if its schedule is learned
   */
  public Objective objective(TokenSpace space, TimeAxis axis) {
    return objective.of(space, maskingSchedule(), axis);
  }

  /**
   * Returns the schedule, squeezed.
   *
   * @throws IllegalStateException if it is learned
   */
  public MaskingSchedule maskingSchedule() {
    return schedule.squeezed(epsilon);
  }
}
