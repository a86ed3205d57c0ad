// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.speed;

import static io.github.md4.core.Checks.require;

import java.util.Arrays;

/**
 * The spread of repeated measurements, in their unit.
 *
 * @param median the quantile 0.5 of the measurements
 * @param min the smallest measurement
 * @param max the largest measurement
 * @param lowerQuartile the quantile 0.25
 * @param upperQuartile the quantile 0.75
 */
public record Spread(
    double median, double min, double max, double lowerQuartile, double upperQuartile) {

  /**
   * Returns the spread of at least one measurement. The quantile q of n sorted values is the one at
   * {@code q (n - 1)}, counted from 0, with linear interpolation between neighbours.
   *
   * @param values the measurements, at least one, in any order; not changed
   * @return their spread
   * @throws IllegalArgumentException if there are none
   */
  public static Spread of(double... values) {
    require(values.length > 0, "values must be at least 1", 0);
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return new Spread(
        quantile(sorted, 0.5),
        sorted[0],
        sorted[sorted.length - 1],
        quantile(sorted, 0.25),
        quantile(sorted, 0.75));
  }

  /** {@return the distance between the quartiles} */
  public double interquartileRange() {
    return upperQuartile - lowerQuartile;
  }

  private static double quantile(double[] sorted, double q) {
    double place = q * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
