// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.schedule.SamplingGrid;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The times at which a sampler stops on its way from 1 to 0.
 *
 * @param grid where they lie
 * @param steps how many steps there are between them, at least 1
 */
public record SamplingSteps(SamplingGrid grid, int steps) {
  /** What rounding may add to a whole number of steps. */
  private static final double ROUNDING = 1e-9;

  public SamplingSteps {
    Objects.requireNonNull(grid, "grid");
    if (steps < 1) {
      throw new IllegalArgumentException("steps must be at least 1: " + steps);
    }
  }

  /** Returns the time after {@code step} steps, which is also what the network is told there. */
  public double time(int step) {
    return grid.time(step, steps);
  }

  /**
   * Returns how many steps lie before the first time that is not before the share {@code from} of
   * the way, in (0, 1]: {@code steps - ceil(from steps)} (spec, 4.7).
   */
  public int first(double from) {
    if (!(from > 0 && from <= 1)) {
      throw new IllegalArgumentException("from must be in (0, 1]: " + from);
    }
    return steps - (int) Math.max(1, Math.ceil(from * steps - ROUNDING));
  }

  /** Returns the time of {@link #first}. */
  double timeAt(double from) {
    return time(first(from));
  }

  /** Returns the times from {@code first} steps on, the last of them 0. */
  double[] timesFrom(int first) {
    return IntStream.rangeClosed(first, steps).mapToDouble(this::time).toArray();
  }
}
