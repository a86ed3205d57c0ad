// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

/**
 * Sums of nats and tokens by document and by stratum: a part of the range of the uniforms that
 * choose times. The estimate has fixed shares of each stratum, so what all documents lose more or
 * less at some times is no error of it. That is taken off before documents are compared.
 *
 * @param nats [D][S]
 * @param tokens [D][S], over all passes
 */
record TimeStrata(double[][] nats, long[][] tokens) {
  /** With as many, the loss hardly varies within a stratum. */
  private static final int MOST = 16;

  /** The least number of examples in the mean over strata. */
  private static final int EXAMPLES_EACH = 8;

  /** Returns the sums of nothing, with as many strata as so many examples allow. */
  static TimeStrata empty(int documents, long examples) {
    int strata = (int) Math.max(1, Math.min(MOST, examples / EXAMPLES_EACH));
    return new TimeStrata(new double[documents][strata], new long[documents][strata]);
  }

  /** Returns the sums of nothing, with all times in one stratum. */
  static TimeStrata single(int documents) {
    return new TimeStrata(new double[documents][1], new long[documents][1]);
  }

  /**
   * Adds a token.
   *
   * @param v the uniform in [0, 1) that chose its time
   */
  void add(int document, double v, double more) {
    nats[document][stratum(v)] += more;
  }

  /** Counts a token. */
  void count(int document, double v) {
    tokens[document][stratum(v)]++;
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
    return new TimeStrata(difference, tokens);
  }

  /**
   * Returns the standard error of the mean per token, documents being independent,
   *
   * <pre>{@code
   * sqrt(sum_d R_d^2 / (1 - h_d)) / n,   R_d = sum_s (S_ds - n_ds mean_s)
   * }</pre>
   *
   * where {@code h_d = sum_s n_ds / n_d * n_ds / n_s} is how much a document weighs in the means
   * that it is compared with (MacKinnon and White, 1985, HC2). Documents of unequal size count as
   * fewer degrees of freedom: as the weights {@code n_d^2} do (Satterthwaite, 1946).
   */
  StandardError error() {
    long[] ofStratum = columns();
    double[] means = means(ofStratum);
    double variance = 0;
    double free = 0;
    double total = 0;
    Weights weights = new Weights();
    for (int d = 0; d < nats.length; d++) {
      double size = size(d);
      if (size > 0) {
        double own = 1 - leverage(d, size, ofStratum);
        double rest = residual(d, means);
        variance += own > 0 ? rest * rest / own : 0;
        free += own;
        total += size;
        weights.add(size * size);
      }
    }
    long degrees = (long) (free * weights.evenness() + ROUNDING);
    return degrees < 1
        ? StandardError.UNKNOWN
        : new StandardError(Math.sqrt(variance) / total, degrees);
  }

  private static final double ROUNDING = 1e-9; // of sums of shares

  /** How evenly weights are spread. */
  private static final class Weights {
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
    for (long[] ofDocument : tokens) {
      for (int s = 0; s < sums.length; s++) {
        sums[s] += ofDocument[s];
      }
    }
    return sums;
  }

  private double[] means(long[] ofStratum) {
    double[] means = new double[ofStratum.length];
    for (double[] ofDocument : nats) {
      for (int s = 0; s < means.length; s++) {
        means[s] += ofStratum[s] == 0 ? 0 : ofDocument[s] / ofStratum[s];
      }
    }
    return means;
  }

  private double size(int document) {
    double size = 0;
    for (long each : tokens[document]) {
      size += each;
    }
    return size;
  }

  private double residual(int document, double[] means) {
    double sum = 0;
    for (int s = 0; s < means.length; s++) {
      sum += nats[document][s] - tokens[document][s] * means[s];
    }
    return sum;
  }

  private double leverage(int document, double size, long[] ofStratum) {
    double sum = 0;
    for (int s = 0; s < ofStratum.length; s++) {
      double own = tokens[document][s];
      sum += own == 0 ? 0 : own / size * own / ofStratum[s];
    }
    return sum;
  }
}
