// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static io.github.md4.core.Checks.require;

/**
 * Student's t distribution with a whole number of degrees of freedom. Above 100,000 degrees it is
 * computed with 100,000, which agrees with the normal distribution to five digits.
 */
public final class StudentT {
  /** With more, the distribution is the normal one to five digits. */
  private static final int MOST_DEGREES = 100_000;

  private StudentT() {}

  /**
   * {@return the probability of more than {@code t}, in [0, 0.5], by the finite sums over powers of
   * the cosine of {@code atan(t / sqrt(degrees))} (Abramowitz and Stegun, 26.7.3 and 26.7.4)}
   *
   * @param t the quotient of a deviation and its standard error, at least 0
   * @param degreesOfFreedom the degrees of freedom, at least 1
   * @throws IllegalArgumentException if {@code t} is negative or NaN, or {@code degreesOfFreedom}
   *     is below 1
   */
  public static double tail(double t, long degreesOfFreedom) {
    require(t >= 0, "t must be at least 0", t);
    require(degreesOfFreedom >= 1, "degrees of freedom must be at least 1", degreesOfFreedom);
    int degrees = (int) Math.min(degreesOfFreedom, MOST_DEGREES);
    double angle = Math.atan(t / Math.sqrt(degrees));
    return (1 - (degrees % 2 == 0 ? central(angle, degrees) : centralOdd(angle, degrees))) / 2;
  }

  /** The probability of less than t in size, for an even number of degrees. */
  private static double central(double angle, int degrees) {
    double square = Math.cos(angle) * Math.cos(angle);
    double term = 1;
    double sum = 1;
    for (int k = 1; 2 * k <= degrees - 2; k++) {
      term *= square * (2 * k - 1) / (2 * k);
      sum += term;
    }
    return Math.sin(angle) * sum;
  }

  private static double centralOdd(double angle, int degrees) {
    double square = Math.cos(angle) * Math.cos(angle);
    double term = Math.cos(angle);
    double sum = degrees > 1 ? term : 0;
    for (int k = 1; 2 * k + 1 <= degrees - 2; k++) {
      term *= square * (2 * k) / (2 * k + 1);
      sum += term;
    }
    return 2 / Math.PI * (angle + Math.sin(angle) * sum);
  }

  /**
   * {@return the number that is exceeded with the probability {@code tail}}
   *
   * @param tail the probability of a larger value, in (0, 0.5]
   * @param degreesOfFreedom the degrees of freedom, at least 1
   * @throws IllegalArgumentException if {@code tail} is outside (0, 0.5], or {@code
   *     degreesOfFreedom} is below 1
   */
  public static double quantile(double tail, long degreesOfFreedom) {
    require(tail > 0 && tail <= 0.5, "tail must be in (0, 0.5]", tail);
    double high = 1;
    while (tail(high, degreesOfFreedom) > tail) {
      high *= 2;
    }
    double low = 0;
    while (low < high) {
      double middle = (low + high) / 2;
      if (tail(middle, degreesOfFreedom) > tail) {
        low = middle == low ? high : middle;
      } else {
        high = middle == high ? low : middle;
      }
    }
    return high;
  }
}
