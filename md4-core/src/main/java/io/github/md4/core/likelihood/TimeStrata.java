// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Sums of nats and tokens by unit and by stratum: a part of the range of the uniforms that choose
 * times. The estimate has fixed shares of each stratum, so what all units lose more or less at some
 * times is no error of it. That is taken off before units are compared.
 *
 * @param unitOf the unit that each document belongs to [D]
 * @param nats nats of each unit in each stratum, [U][S]
 * @param tokens scored tokens of each unit in each stratum, over all passes, [U][S]
 */
record TimeStrata(int[] unitOf, double[][] nats, long[][] tokens) {
  /** With as many, the loss hardly varies within a stratum. */
  private static final int MOST = 16;

  /** The least number of examples in the mean over strata. */
  private static final int EXAMPLES_EACH = 8;

  private static final double ROUNDING = 1e-9; // of sums of shares

  /** Returns the sums of nothing, with as many strata as so many examples allow. */
  static TimeStrata empty(int[] unitOf, long examples) {
    return empty(unitOf, (int) Math.max(1, Math.min(MOST, examples / EXAMPLES_EACH)));
  }

  /** Returns the sums of nothing, with all times in one stratum; each document is a unit. */
  static TimeStrata single(int documents) {
    return empty(IntStream.range(0, documents).toArray(), 1);
  }

  private static TimeStrata empty(int[] unitOf, int strata) {
    int units = Arrays.stream(unitOf).max().orElse(-1) + 1;
    return new TimeStrata(unitOf, new double[units][strata], new long[units][strata]);
  }

  /**
   * Adds nats of a token.
   *
   * @param v the uniform in [0, 1) that chose its time
   */
  void add(int document, double v, double more) {
    nats[unitOf[document]][stratum(v)] += more;
  }

  /** Counts a token. */
  void count(int document, double v) {
    tokens[unitOf[document]][stratum(v)]++;
  }

  private int stratum(double v) {
    return (int) (v * nats[0].length);
  }

  /** Returns these sums less those of the same tokens. */
  TimeStrata minus(TimeStrata other) {
    double[][] difference = new double[nats.length][];
    for (int d = 0; d < nats.length; d++) {
      difference[d] = nats[d].clone();
      for (int s = 0; s < difference[d].length; s++) {
        difference[d][s] -= other.nats[d][s];
      }
    }
    return new TimeStrata(unitOf, difference, tokens);
  }

  /**
   * Returns the standard error of the mean per token, units being independent,
   *
   * <pre>{@code
   * sqrt(sum_d (R_d / (1 - h_d))^2 (D - 1) / D) / n,   R_d = sum_s (S_ds - n_ds mean_s)
   * }</pre>
   *
   * where {@code h_d = sum_s n_ds / n_d * n_ds / n_s} is how much a unit weighs in the means that
   * it is compared with (the jackknife of MacKinnon and White, 1985). Units of unequal size count
   * as fewer degrees of freedom: as the weights {@code n_d^2} do (Satterthwaite, 1946).
   */
  StandardError error() {
    return StandardError.of(deviations(), total(), degreesOfFreedom());
  }

  /**
   * Returns how far each unit with tokens is from what its times explain, {@code R_d / (1 - h_d)}
   * as in {@link #error}. They are linear in the nats.
   */
  private double[] deviations() {
    long[] ofStratum = columns();
    double[] means = means(ofStratum);
    return IntStream.range(0, nats.length)
        .filter(d -> size(d) > 0)
        .mapToDouble(d -> deviation(d, means, ofStratum))
        .toArray();
  }

  private double deviation(int unit, double[] means, long[] ofStratum) {
    double own = 1 - leverage(unit, size(unit), ofStratum);
    return own > 0 ? residual(unit, means) / own : 0;
  }

  /**
   * Returns the deviations of {@link #error} by document, over so many passes: that of a unit at
   * its first document that has tokens, and NaN at the others.
   *
   * @param sizes of the documents, in tokens
   */
  UnitLosses.Runs runs(long[] sizes, int passes) {
    double[] ofUnits = deviations();
    double[] ofDocuments = new double[sizes.length];
    Arrays.fill(ofDocuments, Double.NaN);
    int before = -1;
    int next = 0;
    for (int d = 0; d < sizes.length; d++) {
      if (sizes[d] > 0 && unitOf[d] != before) {
        before = unitOf[d];
        ofDocuments[d] = ofUnits[next++] / passes;
      }
    }
    return new UnitLosses.Runs(ofDocuments, degreesOfFreedom());
  }

  private long degreesOfFreedom() {
    long[] ofStratum = columns();
    double free = 0;
    Spread spread = new Spread();
    for (int d = 0; d < nats.length; d++) {
      double size = size(d);
      if (size > 0) {
        free += 1 - leverage(d, size, ofStratum);
        spread.add(size * size);
      }
    }
    return (long) (free * spread.evenness() + ROUNDING);
  }

  private double total() {
    double total = 0;
    for (int d = 0; d < nats.length; d++) {
      total += size(d);
    }
    return total;
  }

  /** The evenness of weights. */
  private static final class Spread {
    private double sum;
    private double squares;
    private long count;

    void add(double weight) {
      sum += weight;
      squares += weight * weight;
      count++;
    }

    /** Returns 1 for equal weights, and down to one over their number. */
    double evenness() {
      return sum * sum / squares / count;
    }
  }

  private long[] columns() {
    long[] sums = new long[tokens[0].length];
    for (long[] ofUnit : tokens) {
      for (int s = 0; s < sums.length; s++) {
        sums[s] += ofUnit[s];
      }
    }
    return sums;
  }

  private double[] means(long[] ofStratum) {
    double[] means = new double[ofStratum.length];
    for (double[] ofUnit : nats) {
      for (int s = 0; s < means.length; s++) {
        means[s] += ofStratum[s] == 0 ? 0 : ofUnit[s] / ofStratum[s];
      }
    }
    return means;
  }

  private double size(int unit) {
    double size = 0;
    for (long each : tokens[unit]) {
      size += each;
    }
    return size;
  }

  private double residual(int unit, double[] means) {
    double sum = 0;
    for (int s = 0; s < means.length; s++) {
      sum += nats[unit][s] - tokens[unit][s] * means[s];
    }
    return sum;
  }

  private double leverage(int unit, double size, long[] ofStratum) {
    double sum = 0;
    for (int s = 0; s < ofStratum.length; s++) {
      double own = tokens[unit][s];
      sum += own == 0 ? 0 : own / size * own / ofStratum[s];
    }
    return sum;
  }
}
