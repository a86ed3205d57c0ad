// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.util.Arrays;

/**
 * The mean of independent values and its standard error.
 *
 * @param standardError NaN for a single value
 */
public record MeanWithError(double mean, double standardError) {

  /** Returns those of at least one value. */
  public static MeanWithError of(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(x -> (x - mean) * (x - mean)).sum();
    int count = values.length;
    return new MeanWithError(
        mean, count < 2 ? Double.NaN : Math.sqrt(squares / (count - 1) / count));
  }
}
