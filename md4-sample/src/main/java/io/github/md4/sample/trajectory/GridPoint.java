// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

import io.github.md4.core.schedule.StepTimes;

/**
 * A place on the way of a sequence.
 *
 * @param step the number of the grid's steps before it, at least 0; without a grid, of the calls
 *     before it
 * @param time the time that the network is told, in [0, 1]
 */
public record GridPoint(int step, double time) {

  /**
   * {@return the place after {@code step} of these steps}
   *
   * @param times the times of the steps
   * @param step the number of steps done, from 0
   */
  public static GridPoint of(StepTimes times, int step) {
    return new GridPoint(times.first() + step, times.time(step));
  }
}
