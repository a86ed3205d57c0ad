// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import java.util.Arrays;

/**
 * Sums of nats over data, kept apart by document, by (group, pass) and by stratum of times: all
 * that means, standard errors and intervals, and those of differences, are computed from.
 *
 * @param byDocument nats of each document, summed over all passes, [D]
 * @param byCell nats of each group in each pass, [G][P]
 * @param strata the same nats by stratum of times and by document
 */
record Tally(double[] byDocument, double[][] byCell, TimeStrata strata) {
  /** With fewer groups, chunks are compared, not groups. */
  static final int LEAST_GROUPS = 8;

  /** With fewer degrees of freedom an error is itself too uncertain. */
  static final int LEAST_DEGREES = LEAST_GROUPS - 1;

  Tally(int groups, int passes, TimeStrata strata) {
    this(new double[strata.unitOf().length], new double[groups][passes], strata);
  }

  /**
   * Adds nats of a token.
   *
   * @param v the uniform that chose its time
   */
  void add(int document, int group, int pass, double v, double nats) {
    byDocument[document] += nats;
    byCell[group][pass] += nats;
    strata.add(document, v, nats);
  }

  /** Returns this less another of the same shape. */
  Tally minus(Tally other) {
    Tally difference = new Tally(byCell.length, byCell[0].length, strata.minus(other.strata));
    for (int d = 0; d < byDocument.length; d++) {
      difference.byDocument[d] = byDocument[d] - other.byDocument[d];
    }
    for (int g = 0; g < byCell.length; g++) {
      for (int p = 0; p < byCell[g].length; p++) {
        difference.byCell[g][p] = byCell[g][p] - other.byCell[g][p];
      }
    }
    return difference;
  }

  /** Returns the mean per token over all passes. */
  double mean(Sizes sizes) {
    double sum = 0;
    for (double nats : byDocument) {
      sum += nats;
    }
    return sum / (sizes.tokens() * byCell[0].length);
  }

  /**
   * Returns the standard error of {@link #mean}, the data given, of times stratified within groups:
   * from the spread of each group's passes,
   *
   * <pre>{@code
   * sqrt(sum_g sum_p (S_gp - S_g)^2 / (P (P - 1))) / n
   * }</pre>
   *
   * and where there is one pass from the spread of the groups' means, which counts the differences
   * of the data as noise too and is therefore no smaller.
   *
   * <p>Below {@value #LEAST_DEGREES} degrees of freedom it is {@link #errorOfUnits}, which is
   * larger, but better known.
   */
  StandardError standardError(Sizes sizes) {
    return switch (source()) {
      case PASSES -> new StandardError(Math.sqrt(variance()) / sizes.tokens(), degreesOfPasses());
      case GROUPS -> errorOfGroups(sizes);
      case UNITS -> errorOfUnits();
    };
  }

  /** Returns what {@link #standardError} is taken from. */
  BoundEstimate.Source source() {
    if (byCell[0].length > 1) {
      return degreesOfPasses() < LEAST_DEGREES
          ? BoundEstimate.Source.UNITS
          : BoundEstimate.Source.PASSES;
    }
    return byCell.length - 1 < LEAST_DEGREES
        ? BoundEstimate.Source.UNITS
        : BoundEstimate.Source.GROUPS;
  }

  private long degreesOfPasses() {
    return byCell.length * (byCell[0].length - 1L);
  }

  /**
   * Returns the standard error of {@link #mean} as one of other data, drawn alike, and other noise:
   * over groups, each with all of its passes, as their times are stratified and no others' are.
   */
  StandardError errorOfGroups(Sizes sizes) {
    double[] sums = new double[byCell.length];
    Arrays.setAll(sums, g -> sum(byCell[g]));
    return StandardError.of(sums, sizes.ofGroup()).over(byCell[0].length);
  }

  /**
   * Returns the standard error as {@link #errorOfGroups} means it, over documents or chunks that
   * are taken as independent.
   */
  StandardError errorOfUnits() {
    return strata.error();
  }

  private double variance() {
    int passes = byCell[0].length;
    double squares = 0;
    for (double[] ofGroup : byCell) {
      double mean = sum(ofGroup) / passes;
      for (double nats : ofGroup) {
        squares += (nats - mean) * (nats - mean);
      }
    }
    return squares / passes / (passes - 1);
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  /**
   * The scored tokens of each document and of each group of examples, in one pass.
   *
   * @param ofDocument scored tokens of each document, [D]
   * @param ofGroup scored tokens of each group, [G]
   */
  record Sizes(long[] ofDocument, long[] ofGroup) {
    double tokens() {
      double tokens = 0;
      for (long each : ofGroup) {
        tokens += each;
      }
      return tokens;
    }
  }
}
