// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import static io.github.md4.core.Checks.require;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * The mean and covariance of vectors that come one after another, in double. Sums are taken around
 * the first vector, so that no precision is lost where the mean is far from zero. Not safe for
 * several threads.
 */
public final class FeatureMoments {
  private final int width;
  private final double[] origin;
  private final double[] sum;
  private final DMatrixRMaj squares;
  private long count;

  /**
   * Begins the moments of no features.
   *
   * @param width F, the length of a vector, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public FeatureMoments(int width) {
    require(width >= 1, "width must be at least 1", width);
    this.width = width;
    this.origin = new double[width];
    this.sum = new double[width];
    this.squares = new DMatrixRMaj(width, width);
  }

  /** {@return F, the length of a vector} */
  public int width() {
    return width;
  }

  /** {@return the number of vectors} */
  public long count() {
    return count;
  }

  /**
   * Adds vectors.
   *
   * @param features B vectors one after another, [B F]; none is allowed
   * @throws IllegalArgumentException if they are no whole number of vectors
   */
  public void add(float[] features) {
    require(
        features.length % width == 0,
        "features must be rows of %d".formatted(width),
        features.length);
    if (features.length == 0) {
      return;
    }
    if (count == 0) {
      for (int i = 0; i < width; i++) {
        origin[i] = features[i];
      }
    }
    DMatrixRMaj rows = new DMatrixRMaj(features.length / width, width);
    for (int i = 0; i < features.length; i++) {
      double value = features[i] - origin[i % width];
      rows.data[i] = value;
      sum[i % width] += value;
    }
    CommonOps_DDRM.multAddTransA(rows, rows, squares);
    count += rows.numRows;
  }

  /**
   * {@return the mean, [F]}
   *
   * @throws IllegalStateException if there was no vector
   */
  public double[] mean() {
    if (count == 0) {
      throw new IllegalStateException("a mean takes at least one vector");
    }
    double[] mean = new double[width];
    for (int i = 0; i < width; i++) {
      mean[i] = origin[i] + sum[i] / count;
    }
    return mean;
  }

  /** Returns the unbiased covariance, [F, F]; there must have been two vectors. */
  DMatrixRMaj covariance() {
    if (count < 2) {
      throw new IllegalStateException("a covariance takes at least two vectors: " + count);
    }
    DMatrixRMaj covariance = new DMatrixRMaj(width, width);
    for (int i = 0; i < width; i++) {
      for (int j = 0; j < width; j++) {
        double products = squares.get(i, j) - sum[i] * sum[j] / count;
        covariance.set(i, j, products / (count - 1));
      }
    }
    return covariance;
  }

  /** Returns the whole state but for {@link #count}: F (F + 2) numbers. */
  double[] state() {
    double[] state = new double[width * (width + 2)];
    System.arraycopy(origin, 0, state, 0, width);
    System.arraycopy(sum, 0, state, width, width);
    System.arraycopy(squares.data, 0, state, 2 * width, width * width);
    return state;
  }

  /** Returns the moments with a state and a count. */
  static FeatureMoments of(int width, long count, double[] state) {
    FeatureMoments moments = new FeatureMoments(width);
    System.arraycopy(state, 0, moments.origin, 0, width);
    System.arraycopy(state, width, moments.sum, 0, width);
    System.arraycopy(state, 2 * width, moments.squares.data, 0, width * width);
    moments.count = count;
    return moments;
  }
}
