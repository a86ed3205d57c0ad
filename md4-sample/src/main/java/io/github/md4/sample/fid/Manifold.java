// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import static io.github.md4.core.Checks.require;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * An estimate of the support of a law: vectors with a ball around each that reaches to its k-th
 * nearest neighbour (Kynkaanniemi and others, 2019).
 */
final class Manifold {
  private final float[][] vectors;
  private final double[] squaredRadii;

  /**
   * @param neighbours k, at least 1 and less than the number of vectors
   */
  Manifold(float[][] vectors, int neighbours) {
    require(
        neighbours >= 1 && neighbours < vectors.length,
        "neighbours must be in [1, %d)".formatted(vectors.length),
        neighbours);
    this.vectors = vectors;
    this.squaredRadii =
        IntStream.range(0, vectors.length)
            .parallel()
            .mapToDouble(i -> squaredRadius(i, neighbours))
            .toArray();
  }

  private double squaredRadius(int i, int neighbours) {
    double[] distances = new double[vectors.length];
    for (int j = 0; j < vectors.length; j++) {
      distances[j] = squaredDistance(vectors[i], vectors[j]);
    }
    Arrays.sort(distances);
    return distances[neighbours]; // the first is its own
  }

  /** Returns the share of vectors that lie in any of the balls. */
  double shareInside(float[][] others) {
    long inside =
        IntStream.range(0, others.length).parallel().filter(i -> isInside(others[i])).count();
    return inside / (double) others.length;
  }

  private boolean isInside(float[] vector) {
    for (int j = 0; j < vectors.length; j++) {
      if (squaredDistance(vector, vectors[j]) <= squaredRadii[j]) {
        return true;
      }
    }
    return false;
  }

  private static double squaredDistance(float[] x, float[] y) {
    double sum = 0;
    for (int d = 0; d < x.length; d++) {
      double difference = (double) x[d] - y[d];
      sum += difference * difference;
    }
    return sum;
  }
}
