// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.GenMd4Schedule;

/**
 * Unmasking as time runs from 1 to 0 where each token has its power (GenMD4; spec, Section 3.5): in
 * a step from {@code t} to {@code s} a masked position becomes {@code v} with the probability
 *
 * <pre>{@code
 * (1 - (s / t)^w_v) mu_v
 * }</pre>
 *
 * <p>Unlike in {@link ReverseProcess} the network has a say in whether a position is revealed. But
 * none in whether it would be if all tokens had the largest power w: so at the times of that, a
 * token is drawn from {@code mu}, and kept with what is left of its own probability,
 *
 * <pre>{@code
 * (1 - (s / t)^w) * (1 - (s / t)^w_v) / (1 - (s / t)^w) = 1 - (s / t)^w_v
 * }</pre>
 *
 * <p>At all other times nothing is asked, and the law is the same. A position whose token is not
 * kept stays masked, and is drawn for again later.
 */
public sealed interface GenMd4Reverse {

  /**
   * Returns the time that the network is told when a token is next drawn for a masked position, 0
   * where none is any more.
   *
   * @param time up to which the position's way is behind
   * @param u uniform in [0, 1)
   */
  double next(double time, double u);

  /** Returns the time up to which a position's way is behind once a token was drawn. */
  double after(double time);

  /**
   * Returns whether a drawn token is kept.
   *
   * @param time that {@link #next} returned
   * @param u uniform in [0, 1)
   */
  boolean isKept(int token, double time, double u);

  /**
   * Returns where a time stands in order of time.
   *
   * @param before how many other times there were before it
   */
  int step(double time, int before);

  /**
   * The steps between given times.
   *
   * @param times falling, at least two, the last of them 0
   * @param first the steps of the grid before them
   */
  record OnGrid(GenMd4Schedule schedule, double[] times, int first) implements GenMd4Reverse {

    /** By one uniform: the chances of the steps up to a time add up to those of one long one. */
    @Override
    public double next(double time, double u) {
      double below = time * Math.pow(1 - u, 1 / schedule.largestPower());
      int low = index(time);
      int high = Math.max(low, times.length - 2); // the last step draws for all that is left
      while (low < high) { // the first step that ends below
        int middle = (low + high) >>> 1;
        if (times[middle + 1] < below) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      return times[low];
    }

    @Override
    public double after(double time) {
      return times[index(time) + 1];
    }

    @Override
    public boolean isKept(int token, double time, double u) {
      double s = after(time);
      double drawn = -Math.expm1(schedule.largestPower() * Math.log(s / time));
      return u * drawn < schedule.unmaskProbability(s, time, token);
    }

    @Override
    public int step(double time, int before) {
      return first + index(time);
    }

    /** Returns the place of a time among the times. */
    private int index(double time) {
      int low = 0;
      int high = times.length - 1;
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

  /**
   * Continuous time, the limit of ever more steps, in which the probability of being kept is {@code
   * w_v / w}. It ends at {@link GenMd4Schedule#TIME_FLOOR}, below which nothing was trained: what
   * is still masked is revealed there.
   */
  record Continuous(GenMd4Schedule schedule) implements GenMd4Reverse {
    @Override
    public double next(double time, double u) {
      if (time <= GenMd4Schedule.TIME_FLOOR) {
        return 0;
      }
      double hit = time * Math.pow(1 - u, 1 / schedule.largestPower());
      return Math.max(hit, GenMd4Schedule.TIME_FLOOR);
    }

    @Override
    public double after(double time) {
      return time;
    }

    @Override
    public boolean isKept(int token, double time, double u) {
      boolean isLast = time <= GenMd4Schedule.TIME_FLOOR;
      return isLast || u * schedule.largestPower() < schedule.power(token);
    }

    @Override
    public int step(double time, int before) {
      return before;
    }
  }
}
