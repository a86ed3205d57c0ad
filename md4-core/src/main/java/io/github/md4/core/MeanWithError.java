// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.util.Arrays;

/**
 * A mean of independent values, with its standard error.
 *
 * @param mean the mean of the values, in their unit
 * @param standardError the standard deviation of the values, with Bessel's correction, over the
 *     square root of their number, in their unit; NaN for a single value
 */
public record MeanWithError(double mean, double standardError) {

  /**
   * {@return the mean of values}
   *
   * @param values the values, at least one; NaN where one of them is
   * @throws IllegalArgumentException if there is none
   */
  public static MeanWithError of(double... values) {
    Checks.require(values.length > 0, "values must be at least 1", values.length);
    double mean = Arrays.stream(values).sum() / values.length;
    double squares = Arrays.stream(values).map(x -> (x - mean) * (x - mean)).sum();
    double degrees = values.length - 1;
    return new MeanWithError(mean, Math.sqrt(squares / degrees / values.length));
  }
}
