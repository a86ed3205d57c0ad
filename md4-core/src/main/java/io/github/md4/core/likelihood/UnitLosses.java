// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The bound of each document, or chunk where documents are too few: the part of a score that is
 * kept so that it can be compared later, pair by pair, with one from the same data and uniforms.
 *
 * @param unit what they are losses of
 * @param tokens the scored tokens of each, at least one of them not zero
 * @param nats the loss of each, nats in all its tokens, the mean over passes
 * @param runs the runs of documents, as the interval of the score takes them
 */
public record UnitLosses(BoundEstimate.Unit unit, long[] tokens, double[] nats, Runs runs) {

  /**
   * Checks that there are as many of all, and tokens at all.
   *
   * @param unit what they are losses of
   * @param tokens the scored tokens of each, at least one of them not zero
   * @param nats the loss of each, nats in all its tokens, the mean over passes
   * @param runs the runs of documents, as the interval of the score takes them
   * @throws IllegalArgumentException if they differ in number, or there are no tokens
   */
  public UnitLosses {
    if (tokens.length != nats.length || Arrays.stream(tokens).sum() <= 0) {
      throw new IllegalArgumentException(
          "there must be tokens, and nats for each count of them: %d, %d"
              .formatted(tokens.length, nats.length));
    }
    if (runs.areKnown() && runs.deviations.length != tokens.length) {
      throw new IllegalArgumentException(
          "there must be a deviation, or NaN, for each count of tokens: %d, %d"
              .formatted(tokens.length, runs.deviations.length));
    }
  }

  /**
   * Makes losses whose runs of documents are not known: each of them is then compared on its own.
   *
   * @param unit what they are losses of
   * @param tokens the scored tokens of each, at least one of them not zero
   * @param nats the loss of each, nats in all its tokens, the mean over passes
   * @throws IllegalArgumentException if they differ in number, or there are no tokens
   */
  public UnitLosses(BoundEstimate.Unit unit, long[] tokens, double[] nats) {
    this(unit, tokens, nats, Runs.UNKNOWN);
  }

  /**
   * The runs of documents that a score takes as independent, since documents of one chunk share its
   * time. What the times of a run explain is no error of a score, whose times are stratified, and
   * is not in its deviation. Deviations are linear in the losses.
   *
   * @param deviations deviations in nats, by document: that of a run at its first document, NaN at
   *     the others; empty where it is not known
   * @param degreesOfFreedom those of the error that they give; 0 where it is unknown
   */
  public record Runs(double[] deviations, long degreesOfFreedom) {
    /** The runs of losses that say nothing of them. */
    public static final Runs UNKNOWN = new Runs(new double[0], 0);

    /** {@return whether there are deviations} */
    public boolean areKnown() {
      return deviations.length > 0;
    }

    private boolean areOfTheSameChunks(Runs other) {
      return areKnown()
          && deviations.length == other.deviations.length
          && degreesOfFreedom == other.degreesOfFreedom
          && IntStream.range(0, deviations.length)
              .allMatch(d -> Double.isNaN(deviations[d]) == Double.isNaN(other.deviations[d]));
    }

    private Runs minus(Runs other) {
      if (!areOfTheSameChunks(other)) {
        return UNKNOWN;
      }
      double[] differences = deviations.clone();
      Arrays.setAll(differences, d -> deviations[d] - other.deviations[d]);
      return new Runs(differences, degreesOfFreedom);
    }

    private StandardError error(long tokens) {
      double[] known = Arrays.stream(deviations).filter(each -> !Double.isNaN(each)).toArray();
      return StandardError.of(known, (double) tokens, degreesOfFreedom);
    }
  }

  /** {@return the bound, nats per token} */
  public double natsPerToken() {
    return Arrays.stream(nats).sum() / Arrays.stream(tokens).sum();
  }

  /**
   * {@return this bound less another, nats per token}
   *
   * <p>Its interval is that of {@link BoundEstimate#minus}, unless documents are compared whose
   * runs are not known or not the same. Each is then compared on its own, and what all lose more at
   * some times counts as an error: the interval is wider than 95% asks.
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
    return new UnitLosses(unit, tokens, differences, runs.minus(other.runs)).asDifference();
  }

  private Difference asDifference() {
    StandardError error = error();
    double mean = natsPerToken();
    return new Difference(mean, error.value(), error.degreesOfFreedom(), error.interval(mean));
  }

  private StandardError error() {
    if (runs.areKnown()) {
      return runs.error(Arrays.stream(tokens).sum());
    }
    int groups = (tokens.length + LikelihoodEstimator.GROUP - 1) / LikelihoodEstimator.GROUP;
    boolean isByGroup = unit == BoundEstimate.Unit.CHUNKS && groups >= Tally.LEAST_GROUPS;
    return isByGroup ? byGroup(groups) : byUnit();
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
   * @param standardError its standard error, nats per token, over what is independent: groups of
   *     chunks; chunks where groups are few; runs of documents, or documents
   * @param degreesOfFreedom those of the standard error; 0 where it is unknown
   * @param interval 95%, nats per token
   */
  public record Difference(
      double nats, double standardError, long degreesOfFreedom, Interval interval) {}
}
