// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.schedule.StepTimes;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The grid of a sampler: the times at which it stops on its way from 1 to 0.
 *
 * @param grid the spacing of the times (spec, Section 4.1)
 * @param steps the number of steps between the times, in [1, 2^20]
 */
public record SamplingSteps(SamplingGrid grid, int steps) {
  /** The grid where none is chosen: a thousand steps, with the cosine spacing. */
  public static final SamplingSteps STANDARD = new SamplingSteps(new SamplingGrid.Cosine(), 1000);

  private static final int MOST = 1 << 20; // all times are in memory

  /** The most that rounding adds to a whole number of steps. */
  private static final double ROUNDING = 1e-9;

  /**
   * Checks the number of steps.
   *
   * @param grid the spacing of the times (spec, Section 4.1)
   * @param steps the number of steps between the times, in [1, 2^20]
   * @throws IllegalArgumentException if {@code steps} is out of this range
   * @throws NullPointerException if {@code grid} is null
   */
  public SamplingSteps {
    Objects.requireNonNull(grid, "grid");
    checkCount(steps);
  }

  /** Throws unless there can be so many steps. */
  static void checkCount(int steps) {
    require(steps >= 1, "steps must be at least 1", steps);
    require(steps <= MOST, "steps must be at most " + MOST, steps);
  }

  /**
   * {@return the time after {@code step} steps, in [0, 1], which is also the time that the network
   * is told}
   *
   * @param step the number of steps done, in [0, steps]
   */
  public double time(int step) {
    return grid.time(step, steps);
  }

  /**
   * {@return the number of steps that are left out if the share {@code from} of the way lies before
   * a sequence: {@code steps - ceil(from steps)} (spec, Section 4.7)}
   *
   * @param from the share of the way, in (0, 1]
   * @throws IllegalArgumentException if it is out of this range
   */
  public int first(double from) {
    require(from > 0 && from <= 1, "from must be in (0, 1]", from);
    return steps - (int) Math.max(1, Math.ceil(from * steps - ROUNDING));
  }

  /** Returns the time of {@link #first}. */
  double timeAt(double from) {
    return time(first(from));
  }

  /** Returns the times from {@link #first} on. */
  StepTimes from(double from) {
    int first = first(from);
    return new StepTimes(
        first, IntStream.rangeClosed(first, steps).mapToDouble(this::time).toArray());
  }
}
