// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.GenMd4Schedule;

/**
 * The gradient by the powers through the masks, from two masked samples of the same examples at the
 * same times (GenMD4, Appendix I.2; spec, Section 3.3): each sample's loss is measured against the
 * other's, which lowers the variance and leaves the expectation as it is.
 *
 * <pre>{@code
 * 1/2 (l1 - l2) (ln q(z1 | x) - ln q(z2 | x))
 * }</pre>
 *
 * <p>The two log-probabilities differ at positions that are masked in one sample only, each by the
 * log-odds of its token's being masked.
 *
 * @param schedule the schedule with a power for each token
 * @param first the queries about the first sample, of B examples
 * @param second the queries about the second: the same examples and times, masked independently
 */
public record LeaveOneOut(GenMd4Schedule schedule, QueryBatch first, QueryBatch second) {

  /**
   * {@return the term of each example, the l being constants, [B]}
   *
   * @param l1 losses of the first sample, nats, [B]
   * @param l2 losses of the second sample, nats, [B]
   */
  public double[] terms(double[] l1, double[] l2) {
    double[] terms = new double[first.batchSize()];
    forEachDifference(
        (b, token, sign) ->
            terms[b] += sign * half(l1, l2, b) * schedule.maskLogOdds(first.time(b), token));
    return terms;
  }

  /**
   * {@return the gradient by the powers of the sum of {@link #terms}, [V]}
   *
   * @param l1 losses of the first sample, nats, [B]
   * @param l2 losses of the second sample, nats, [B]
   */
  public double[] gradient(double[] l1, double[] l2) {
    double[] gradient = new double[schedule.vocabularySize()];
    forEachDifference(
        (b, token, sign) ->
            gradient[token] +=
                sign * half(l1, l2, b) * schedule.maskLogOddsSlope(first.time(b), token));
    return gradient;
  }

  private static double half(double[] l1, double[] l2, int b) {
    return 0.5 * (l1[b] - l2[b]);
  }

  /** Hears of a position that one sample masks: 1 where it is the first, -1 the second. */
  private interface Difference {
    void at(int example, int token, int sign);
  }

  private void forEachDifference(Difference difference) {
    TokenSpace space = new TokenSpace(schedule.vocabularySize());
    for (int b = 0; b < first.batchSize(); b++) {
      int[] x = first.x()[b];
      for (int n = 0; n < x.length; n++) {
        boolean isMasked = space.isMask(first.zt()[b][n]);
        if (isMasked != space.isMask(second.zt()[b][n])) {
          difference.at(b, x[n], isMasked ? 1 : -1);
        }
      }
    }
  }
}
