// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;

/**
 * The configuration of a model: all of it but its weights and its vocabulary. docs/config.md has
 * the keys of its text form.
 *
 * @param objective the kind of what it is trained for
 * @param length N, the tokens of a sequence, in [1, 1048576]
 * @param schedule the raw curve of alpha, or that it is learned: {@code learned} for powers of
 *     tokens, {@code learned-noise} for Gaussian diffusion
 * @param epsilon how far the ends of the schedule are squeezed from 0 and 1, in [0, 0.5)
 * @param network the network and its sizes
 */
public record ModelConfig(
    ObjectiveKind objective,
    int length,
    ScheduleConfig schedule,
    double epsilon,
    NetworkConfig network) {
  private static final int LONGEST = 1 << 20; // no sequence is longer: a digit too many

  /**
   * Checks the length, and that the objective allows the schedule.
   *
   * @param objective the kind of what it is trained for
   * @param length N, the tokens of a sequence, in [1, 1048576]
   * @param schedule the raw curve of alpha, or that it is learned
   * @param epsilon how far the ends of the schedule are squeezed from 0 and 1, in [0, 0.5)
   * @param network the network and its sizes
   * @throws IllegalArgumentException if {@code length} or {@code epsilon} is out of its range, the
   *     length does not fit the network, or network, objective and schedule do not fit one another
   */
  public ModelConfig {
    require(length >= 1 && length <= LONGEST, "length must be in [1, " + LONGEST + "]", length);
    network.checkLength(length);
    if (!(epsilon >= 0 && epsilon < 0.5)) {
      throw new IllegalArgumentException("epsilon must be in [0, 0.5): " + epsilon);
    }
    if (network.causal() != objective.isCausal()) {
      throw new IllegalArgumentException(
          "network.causal must be %b for the objective %s: %b"
              .formatted(objective.isCausal(), objective, network.causal()));
    }
    if (network.vectorWidth() != objective.vectorWidth()) {
      throw new IllegalArgumentException(
          objective.vectorWidth() == 0
              ? "the objective %s needs a network of tokens alone, not of vectors of width %d"
                  .formatted(objective, network.vectorWidth())
              : "the objective %s needs network.kind gaussian-transformer with vectorWidth %d"
                  .formatted(objective, objective.vectorWidth()));
    }
    boolean fits =
        schedule.match(
            curve -> true, powers -> objective.learnsSchedule(), noise -> objective.learnsNoise());
    if (!fits) {
      throw new IllegalArgumentException(
          (objective.learnsNoise()
                  ? "schedule must be a curve or learned-noise for the objective %s: %s"
                  : "schedule must be a curve for the objective %s: %s")
              .formatted(objective, schedule));
    }
  }

  /**
   * A model of MD4, or of GenMD4 where the schedule is learned.
   *
   * @param length N, the tokens of a sequence, in [1, 1048576]
   * @param schedule a curve, or powers to be learned
   * @param epsilon how far the ends of the schedule are squeezed from 0 and 1, in [0, 0.5)
   * @param network the network's kind and sizes
   * @throws IllegalArgumentException as the constructor of all components
   */
  public ModelConfig(int length, ScheduleConfig schedule, double epsilon, NetworkConfig network) {
    this(new Md4Objective.Kind(), length, schedule, epsilon, network);
  }

  /** {@return the paper's text8 model: 256 tokens, the linear curve, a transformer} */
  public static ModelConfig defaults() {
    return new ModelConfig(
        256, new Curve.Linear(), MaskingSchedule.DEFAULT_EPSILON, TransformerConfig.defaults());
  }

  /**
   * {@return the same model with another objective}
   *
   * @param other the kind of the objective, which says what is masked and how answers are weighed
   * @throws IllegalArgumentException if it does not fit the network or the schedule
   */
  public ModelConfig withObjective(ObjectiveKind other) {
    return new ModelConfig(other, length, schedule, epsilon, network);
  }

  /**
   * {@return the same model of sequences of another length}
   *
   * @param tokens N, the tokens of a sequence, in [1, 1048576]
   * @throws IllegalArgumentException if the length is out of its range, or does not fit the network
   */
  public ModelConfig withLength(int tokens) {
    return new ModelConfig(objective, tokens, schedule, epsilon, network);
  }

  /**
   * {@return the same model with another schedule}
   *
   * @param other a curve, or powers to be learned
   * @throws IllegalArgumentException if it does not fit the objective
   */
  public ModelConfig withSchedule(ScheduleConfig other) {
    return new ModelConfig(objective, length, other, epsilon, network);
  }

  /**
   * {@return the same model with another network}
   *
   * @param other the network's kind and sizes
   * @throws IllegalArgumentException if it does not fit the length or the objective
   */
  public ModelConfig withNetwork(NetworkConfig other) {
    return new ModelConfig(objective, length, schedule, epsilon, other);
  }

  /**
   * {@return the objective under a schedule of this model}
   *
   * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
   * @param schedule this model's schedule, as it is now where it is learned
   * @param axis the times; has no effect where powers are learned, which have continuous time only
   * @param floor where time begins; has no effect where the schedule is a curve
   * @throws IllegalArgumentException if the objective has no such times
   */
  public Objective objective(TokenSpace space, Schedule schedule, TimeAxis axis, TimeFloor floor) {
    return schedule.match(
        shared -> objective.of(space, shared, axis),
        perToken -> new GenMd4Objective(perToken, floor));
  }
}
