// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import java.util.Arrays;

/**
 * The bound of each document, or chunk where documents are too few: the part of a score that is
 * kept so that it can be compared later, pair by pair, with one from the same data and uniforms.
 *
 * @param tokens of each, at least one of them not zero
 * @param nats of each, the mean over passes
 */
public record UnitLosses(long[] tokens, double[] nats) {

  /** Checks that there are as many of both, and tokens at all. */
  public UnitLosses {
    if (tokens.length != nats.length || Arrays.stream(tokens).sum() <= 0) {
      throw new IllegalArgumentException(
          "there must be tokens, and nats for each count of them: %d, %d"
              .formatted(tokens.length, nats.length));
    }
  }

  /** Returns the bound, nats per token. */
  public double natsPerToken() {
    return Arrays.stream(nats).sum() / Arrays.stream(tokens).sum();
  }

  /**
   * Returns this bound less another.
   *
   * @param seed of the bootstrap
   * @throws IllegalArgumentException if they are of other data
   */
  public Difference minus(UnitLosses other, long seed) {
    if (!Arrays.equals(tokens, other.tokens)) {
      throw new IllegalArgumentException("losses must be of the same data to be compared");
    }
    double[] differences = new double[nats.length];
    Arrays.setAll(differences, i -> nats[i] - other.nats[i]);
    return new UnitLosses(tokens, differences).asDifference(seed);
  }

  private Difference asDifference(long seed) {
    double mean = natsPerToken();
    double squares = 0;
    int units = 0;
    for (int i = 0; i < nats.length; i++) {
      double deviation = nats[i] - tokens[i] * mean;
      squares += deviation * deviation;
      units += tokens[i] > 0 ? 1 : 0;
    }
    double error = Math.sqrt(squares * units / (units - 1.0)) / Arrays.stream(tokens).sum();
    return new Difference(
        mean, units > 1 ? error : Double.NaN, Bootstrap.interval(nats, tokens, 1, seed));
  }

  /**
   * A difference of two bounds, nats per token.
   *
   * @param standardError over the units
   * @param interval 95%, over the units
   */
  public record Difference(double nats, double standardError, Interval interval) {}
}
