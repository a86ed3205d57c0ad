// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

/**
 * Sums of nats over data, kept apart by document and by (group, pass): all that means, standard
 * errors and intervals, and those of differences, are computed from.
 *
 * @param byDocument [D], over all passes
 * @param byCell [G][P]
 */
record Tally(double[] byDocument, double[][] byCell) {
  Tally(int documents, int groups, int passes) {
    this(new double[documents], new double[groups][passes]);
  }

  void add(int document, int group, int pass, double nats) {
    byDocument[document] += nats;
    byCell[group][pass] += nats;
  }

  /** Returns this less another of the same shape. */
  Tally minus(Tally other) {
    Tally difference = new Tally(byDocument.length, byCell.length, byCell[0].length);
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
   * of the data as noise too and is therefore no smaller,
   *
   * <pre>{@code
   * sqrt(G / (G - 1) * sum_g (S_g - n_g mean)^2) / n
   * }</pre>
   *
   * NaN for a single group in one pass.
   */
  double standardError(Sizes sizes) {
    return Math.sqrt(byCell[0].length > 1 ? variance() : varianceOfGroups(sizes)) / sizes.tokens();
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

  private double varianceOfGroups(Sizes sizes) {
    int groups = byCell.length;
    double mean = mean(sizes);
    double squares = 0;
    for (int g = 0; g < groups; g++) {
      double deviation = byCell[g][0] - sizes.ofGroup()[g] * mean;
      squares += deviation * deviation;
    }
    return groups == 1 ? Double.NaN : squares * groups / (groups - 1);
  }

  /** Returns how many independent deviations {@link #standardError} is made of. */
  int degreesOfFreedom() {
    int passes = byCell[0].length;
    return passes > 1 ? byCell.length * (passes - 1) : byCell.length - 1;
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
   * @param ofDocument [D]
   * @param ofGroup [G]
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
