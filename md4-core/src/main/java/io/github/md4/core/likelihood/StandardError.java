// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.StudentT;
import java.util.Arrays;

/**
 * A standard error of a mean per token.
 *
 * @param value in the unit of the mean; NaN where {@code degreesOfFreedom} is 0
 * @param degreesOfFreedom the number of independent deviations that it is made of
 */
record StandardError(double value, long degreesOfFreedom) {
  static final StandardError UNKNOWN = new StandardError(Double.NaN, 0);

  /** The probability of either side of an interval. */
  private static final double TAIL = 0.025;

  /**
   * Returns the standard error of {@code sum of sums / sum of sizes} over independent units of
   * similar size,
   *
   * <pre>{@code
   * sqrt(D / (D - 1) * sum_d (S_d - n_d mean)^2) / n
   * }</pre>
   *
   * @param sums of the units; those of size 0 do not count
   */
  static StandardError of(double[] sums, long[] sizes) {
    double tokens = Arrays.stream(sizes).sum();
    double mean = Arrays.stream(sums).sum() / tokens;
    double squares = 0;
    long units = 0;
    for (int d = 0; d < sums.length; d++) {
      double deviation = sums[d] - sizes[d] * mean;
      squares += deviation * deviation;
      units += sizes[d] > 0 ? 1 : 0;
    }
    return units < 2
        ? UNKNOWN
        : new StandardError(Math.sqrt(squares * units / (units - 1)) / tokens, units - 1);
  }

  /**
   * Returns the standard error of a mean over units whose deviations from it are known,
   *
   * <pre>{@code
   * sqrt((D - 1) / D * sum_d deviation_d^2) / n
   * }</pre>
   *
   * @param deviations of the units' sums, each by what is left of it without itself
   * @param tokens n
   * @param degrees of freedom; below 1 the error is unknown
   */
  static StandardError of(double[] deviations, double tokens, long degrees) {
    double squares = 0;
    for (double deviation : deviations) {
      squares += deviation * deviation;
    }
    double units = deviations.length;
    return degrees < 1
        ? UNKNOWN
        : new StandardError(Math.sqrt(squares * (units - 1) / units) / tokens, degrees);
  }

  /** Returns the 95% interval of the mean, by Student's t. */
  Interval interval(double mean) {
    if (degreesOfFreedom < 1) {
      return Interval.UNKNOWN;
    }
    double width = StudentT.quantile(TAIL, degreesOfFreedom) * value;
    return new Interval(mean - width, mean + width);
  }

  /** Returns the error of a mean over so many times the tokens. */
  StandardError over(int passes) {
    return new StandardError(value / passes, degreesOfFreedom);
  }
}
