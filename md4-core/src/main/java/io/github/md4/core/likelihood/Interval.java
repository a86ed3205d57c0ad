// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import java.util.function.DoubleUnaryOperator;

/**
 * An interval of 95% confidence, over the noise and the choice of the documents.
 *
 * @param low the lower end, in the unit of the estimate
 * @param high the upper end, in the unit of the estimate, at least {@code low}
 */
public record Interval(double low, double high) {
  /** The interval of what cannot be known: both ends are NaN. */
  public static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN);

  /** {@return whether it is known} */
  public boolean isKnown() {
    return !Double.isNaN(low);
  }

  /**
   * {@return the interval of a rising function of the number}
   *
   * @param rising a function that rises, so that ends stay ends; it gives NaN for NaN
   */
  public Interval map(DoubleUnaryOperator rising) {
    return new Interval(rising.applyAsDouble(low), rising.applyAsDouble(high));
  }
}
