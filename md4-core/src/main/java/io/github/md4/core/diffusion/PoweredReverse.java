// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.PowerSchedule;

/**
 * Unmasking as time runs from 1 to 0 where each token has its power (GenMD4; spec, Section 3.5): in
 * a step from {@code t} to {@code s} a masked position becomes {@code v} with the probability
 *
 * <pre>{@code
 * (1 - (s / t)^w_v) mu_v
 * }</pre>
 *
 * <p>So a token is drawn from {@code mu}, and kept with a probability of its own; if it is not, the
 * position stays masked. Here the network has a say in whether a position is revealed, unlike in
 * {@link ReverseProcess}.
 */
public sealed interface PoweredReverse {

  /**
   * Returns the step at which a token is next drawn for a masked position.
   *
   * @param times of the grid, falling, one more than there are steps
   * @param step the first that comes into question
   * @param u uniform in [0, 1)
   * @return at least {@code step}; as many as there are steps where none is left
   */
  int next(double[] times, int step, double u);

  /**
   * Returns whether a drawn token is kept.
   *
   * @param u uniform in [0, 1)
   */
  boolean isKept(int token, double s, double t, double u);

  /** A token is drawn for every masked position at every step. */
  record EveryStep(PowerSchedule schedule) implements PoweredReverse {
    @Override
    public int next(double[] times, int step, double u) {
      return step;
    }

    @Override
    public boolean isKept(int token, double s, double t, double u) {
      return u < schedule.unmaskProbability(s, t, token);
    }
  }

  /**
   * Thinned against the largest power w, that of the token that is revealed last as a rule: a token
   * is drawn with the probability that a position would be revealed if all tokens had that power,
   * which no network has a say in, and kept with the rest,
   *
   * <pre>{@code
   * (1 - (s / t)^w) * (1 - (s / t)^w_v) / (1 - (s / t)^w) = 1 - (s / t)^w_v
   * }</pre>
   *
   * <p>So the steps at which nothing is drawn are known before, and the law is the same.
   */
  record Thinned(PowerSchedule schedule) implements PoweredReverse {

    /** By one uniform: the chances of the steps up to {@code s} add up to those of one long one. */
    @Override
    public int next(double[] times, int step, double u) {
      double least = times[step] * Math.pow(1 - u, 1 / schedule.largestPower());
      int low = step;
      int high = times.length - 1;
      while (low < high) { // the first step that ends below it
        int middle = (low + high) >>> 1;
        if (times[middle + 1] < least) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      return low;
    }

    @Override
    public boolean isKept(int token, double s, double t, double u) {
      double drawn = -Math.expm1(schedule.largestPower() * Math.log(s / t));
      return u * drawn < schedule.unmaskProbability(s, t, token);
    }
  }
}
