// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

/** Pearson's test of counts against a law that is known exactly. */
public final class ChiSquare {
  /** The false-alarm rate of {@link #bound}. */
  public static final double FALSE_ALARM = 1e-6;

  /** The standard normal's quantile at {@code 1 - FALSE_ALARM}. */
  private static final double QUANTILE = 4.7534;

  /** Below it the statistic does not follow the chi-square law. */
  private static final double LEAST_EXPECTED = 8;

  private final double statistic;
  private final int degrees;

  /** Outcomes that are expected less often than {@link #LEAST_EXPECTED} count as one. */
  public ChiSquare(long[] counts, double[] probabilities) {
    double total = 0;
    for (long count : counts) {
      total += count;
    }
    double sum = 0;
    int cells = 0;
    double restExpected = 0;
    double restCount = 0;
    for (int i = 0; i < counts.length; i++) {
      double expected = total * probabilities[i];
      if (expected < LEAST_EXPECTED) {
        restExpected += expected;
        restCount += counts[i];
      } else {
        sum += square(counts[i] - expected) / expected;
        cells++;
      }
    }
    if (restExpected >= LEAST_EXPECTED) {
      sum += square(restCount - restExpected) / restExpected;
      cells++;
    } else if (restCount > LEAST_EXPECTED + QUANTILE * Math.sqrt(LEAST_EXPECTED)) {
      sum = Double.POSITIVE_INFINITY;
    }
    statistic = sum;
    degrees = cells - 1;
  }

  /** Returns the sum of squared deviations over expectations. */
  public double statistic() {
    return statistic;
  }

  /** Returns what the statistic exceeds with {@link #FALSE_ALARM}, by Wilson and Hilferty. */
  public double bound() {
    double spread = 2.0 / (9 * degrees);
    return degrees * Math.pow(1 - spread + QUANTILE * Math.sqrt(spread), 3);
  }

  private static double square(double x) {
    return x * x;
  }
}
