// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.Schedule;

/**
 * A way of drawing sequences: the order in which positions are revealed, and the draw of their
 * tokens. The samples of an {@link ExactMethod} follow the model's reverse process, those of an
 * {@link ApproximateMethod} another law.
 */
public sealed interface SamplingMethod permits ExactMethod, ApproximateMethod, GridMethod {

  /** Returns the name that options and reports have for it. */
  String name();

  /** Returns whether its samples follow the reverse process, with the {@link TokenLaw} given. */
  boolean isExact();

  /**
   * Returns the name of the draw: {@code exact}, float64 by inversion, or {@code reference},
   * float32 Gumbel noise.
   */
  default String draw() {
    return "exact";
  }

  /**
   * Returns the time of sequences that have the share {@code from} of the way before them. With a
   * grid it is a time of the grid, so that sequences masked at it can be sampled from it.
   *
   * @param from in (0, 1]
   */
  double timeAt(double from);

  /** Returns the procedure for a model whose tokens share a schedule. */
  SamplingProcedure md4(MaskingSchedule schedule);

  /**
   * Returns the procedure for a model in which each token has its own power. A method without one
   * keeps this implementation.
   *
   * @throws IllegalArgumentException if the method has no such procedure
   */
  default SamplingProcedure genMd4(GenMd4Schedule schedule) {
    throw new IllegalArgumentException(
        "where the schedule is learned, sampler must be ancestral, mean or first-hitting, with the"
            + " exact draw: %s, %s".formatted(name(), draw()));
  }

  /**
   * Returns the procedure for a model with a schedule of either kind.
   *
   * @throws IllegalArgumentException if the method has none for this kind of schedule
   */
  default SamplingProcedure under(Schedule schedule) {
    return schedule.match(this::md4, this::genMd4);
  }
}
