// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

/**
 * The times at which a sampler stops, from one step of its grid to the end.
 *
 * @param first the number of the grid's steps before them, at least 0
 * @param times times in [0, 1], never rising, at least two; at the last, 0 on the grids of this
 *     library, all is revealed. Not copied, and not to be changed
 */
public record StepTimes(int first, double[] times) {

  /** {@return the number of steps between the times, one less than these} */
  public int steps() {
    return times.length - 1;
  }

  /**
   * {@return the time after {@code step} of these steps}
   *
   * @param step the number of steps done, in [0, {@link #steps}]
   */
  public double time(int step) {
    return times[step];
  }

  /**
   * {@return the index of the first time that is at most {@code time}, or else of the last; in [0,
   * {@link #steps}]}
   *
   * @param time a time, in [0, 1]
   */
  public int index(double time) {
    int low = 0;
    int high = steps();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (times[middle] > time) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
