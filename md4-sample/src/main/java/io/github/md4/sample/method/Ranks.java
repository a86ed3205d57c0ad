// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.sample.trajectory.QueryAhead.Surest;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;

/**
 * The ranks of positions, {@code confidence / divisor + noise}; those with the largest are chosen.
 *
 * @param divisor positive; infinite where the noise alone decides
 * @param noise the noise of a uniform in [0, 1)
 */
record Ranks(double divisor, DoubleUnaryOperator noise) {
  /** The confidences themselves; what is added changes no number, zeros included. */
  static final Ranks OF_CONFIDENCE = new Ranks(1, u -> -0.0);

  /** The uniforms, so that positions are chosen uniformly. */
  static final Ranks RANDOM = new Ranks(Double.POSITIVE_INFINITY, u -> u);

  /**
   * Returns ranks by which positions are drawn, without putting back, with probabilities
   * proportional to {@code exp(confidence / temperature)}: their noise is Gumbel's.
   *
   * @param temperature positive
   */
  static Ranks drawn(double temperature) {
    return new Ranks(temperature, u -> -Math.log(-Math.log(u)));
  }

  /**
   * Returns the confidences with noise that is so small that it decides only between confidences
   * that rounding would decide between.
   *
   * @param tie the most of the noise
   */
  static Ranks ofConfidence(double tie) {
    return new Ranks(1, u -> tie * u);
  }

  /**
   * Returns the chosen rows, in ascending order.
   *
   * @param confidence that of a row
   * @param u a uniform of each row
   */
  int[] chosen(IntToDoubleFunction confidence, double[] u, int count) {
    double[] ranks = new double[u.length];
    Arrays.setAll(ranks, r -> confidence.applyAsDouble(r) / divisor + noise.applyAsDouble(u[r]));
    return Largest.of(ranks, count);
  }

  /**
   * Returns the same choice for a query whose positions are not known.
   *
   * @param u a uniform of each position, [N]
   */
  Surest of(double[] u, int count) {
    double[] ofEach = new double[u.length];
    Arrays.setAll(ofEach, n -> noise.applyAsDouble(u[n]));
    return new Surest(count, ofEach, divisor);
  }
}
