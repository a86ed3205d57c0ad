// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import java.util.Arrays;

/**
 * The bound of each document, or chunk where documents are too few: the part of a score that is
 * kept so that it can be compared later, pair by pair, with one from the same data and uniforms.
 *
 * @param unit what they are losses of
 * @param tokens of each, at least one of them not zero
 * @param nats of each, the mean over passes
 */
public record UnitLosses(BoundEstimate.Unit unit, long[] tokens, double[] nats) {

  /**
   * Checks that there are as many of both, and tokens at all.
   *
   * @param unit what they are losses of
   * @param tokens of each, at least one of them not zero
   * @param nats of each, the mean over passes
   */
  public UnitLosses {
    if (tokens.length != nats.length || Arrays.stream(tokens).sum() <= 0) {
      throw new IllegalArgumentException(
          "there must be tokens, and nats for each count of them: %d, %d"
              .formatted(tokens.length, nats.length));
    }
  }

  /** {@return the bound, nats per token} */
  public double natsPerToken() {
    return Arrays.stream(nats).sum() / Arrays.stream(tokens).sum();
  }

  /**
   * {@return this bound less another}
   *
   * @param other the bound to be taken away
   * @throws IllegalArgumentException if they are of other data
   */
  public Difference minus(UnitLosses other) {
    if (unit != other.unit || !Arrays.equals(tokens, other.tokens)) {
      throw new IllegalArgumentException("losses must be of the same data to be compared");
    }
    double[] differences = new double[nats.length];
    Arrays.setAll(differences, i -> nats[i] - other.nats[i]);
    return new UnitLosses(unit, tokens, differences).asDifference();
  }

  private Difference asDifference() {
    int groups = (tokens.length + LikelihoodEstimator.GROUP - 1) / LikelihoodEstimator.GROUP;
    boolean isByGroup = unit == BoundEstimate.Unit.CHUNKS && groups >= Tally.LEAST_GROUPS;
    StandardError error = isByGroup ? byGroup(groups) : byUnit();
    double mean = natsPerToken();
    return new Difference(mean, error.value(), error.degreesOfFreedom(), error.interval(mean));
  }

  private StandardError byGroup(int groups) {
    double[] sums = new double[groups];
    long[] sizes = new long[groups];
    for (int i = 0; i < nats.length; i++) {
      sums[i / LikelihoodEstimator.GROUP] += nats[i];
      sizes[i / LikelihoodEstimator.GROUP] += tokens[i];
    }
    return StandardError.of(sums, sizes);
  }

  private StandardError byUnit() {
    TimeStrata single = TimeStrata.single(nats.length);
    for (int i = 0; i < nats.length; i++) {
      single.nats()[i][0] = nats[i];
      single.tokens()[i][0] = tokens[i];
    }
    return single.error();
  }

  /**
   * A difference of two bounds, nats per token.
   *
   * @param nats the difference, nats per token
   * @param standardError over what is independent: groups of chunks; chunks where groups are few;
   *     documents
   * @param degreesOfFreedom of the standard error; 0 where it is unknown
   * @param interval 95%
   */
  public record Difference(
      double nats, double standardError, long degreesOfFreedom, Interval interval) {}
}
