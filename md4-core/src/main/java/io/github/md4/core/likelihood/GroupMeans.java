// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

/** A mean over groups of examples, weighted by their sizes, and its standard error. */
final class GroupMeans {
  private final double[] sums;
  private final double[] sizes;

  GroupMeans(int groups) {
    this.sums = new double[groups];
    this.sizes = new double[groups];
  }

  /** Adds a value to its group. */
  void add(int group, double value) {
    sums[group] += value;
    sizes[group]++;
  }

  /** Returns the mean of all values. */
  double mean() {
    double sum = 0;
    for (double s : sums) {
      sum += s;
    }
    return sum / size();
  }

  /**
   * Returns the standard error of {@link #mean} from the spread of the groups' means, each weighted
   * by its size:
   *
   * <pre>{@code
   * sqrt(G / (G - 1) * sum_g n_g^2 (mean_g - mean)^2) / n
   * }</pre>
   *
   * NaN for a single group.
   */
  double standardError() {
    double mean = mean();
    double squares = 0;
    for (int g = 0; g < sums.length; g++) {
      double deviation = sums[g] - sizes[g] * mean;
      squares += deviation * deviation;
    }
    int groups = sums.length;
    return groups == 1 ? Double.NaN : Math.sqrt(squares * groups / (groups - 1)) / size();
  }

  private double size() {
    double size = 0;
    for (double s : sizes) {
      size += s;
    }
    return size;
  }
}
