// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.Schedule;

/**
 * How sequences are drawn: in what order positions are revealed, and by which draw. Whether their
 * law is that of the model's reverse process is in the name of the two kinds.
 */
public sealed interface SamplingMethod permits ExactMethod, ApproximateMethod {

  /** Returns the name that options and reports have for it. */
  String name();

  /** Returns whether its samples follow the reverse process, with the {@link TokenLaw} given. */
  boolean isExact();

  /**
   * Returns which draw is made: {@code exact}, float64 by inversion, or {@code reference}, float32
   * Gumbel noise.
   */
  default String draw() {
    return "exact";
  }

  /**
   * Returns whether the calls of the network are known before the first, not only bounded; where
   * each token has its own power they are not, whatever the method.
   */
  boolean isPlanned();

  /** Returns whether it draws from models in which each token has its own power, too. */
  default boolean takesPowers() {
    return false;
  }

  /**
   * Checks that it draws from models with such a schedule.
   *
   * @throws IllegalArgumentException if it does not
   */
  default void check(Schedule schedule) {
    if (schedule instanceof GenMd4Schedule && !takesPowers()) {
      throw new IllegalArgumentException(
          "where the schedule is learned, sampler must be ancestral, mean or first-hitting, with the"
              + " exact draw: %s, %s".formatted(name(), draw()));
    }
  }

  /**
   * Returns the time that sequences have the share {@code from} of the way before the end: that of
   * the grid, so that what is masked there can be sampled from there.
   *
   * @param from in (0, 1]
   */
  double timeAt(double from);

  /** For the sampler: begins walks. */
  Trajectory.Beginning beginning(SamplingContext setting);

  /** For the sampler: draws tokens. */
  RowDraw rowDraw(TokenLaw law);
}
