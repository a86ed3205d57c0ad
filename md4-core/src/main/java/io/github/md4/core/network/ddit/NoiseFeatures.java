// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import java.util.stream.DoubleStream;

/**
 * The features of a noise that the DDiT kind is told (SEDD's TimestepEmbedder): {@code [cos(sigma
 * f_i), sin(sigma f_i)]} with {@code f_i = 10000^(-i / 128)}, the noise itself, not a thousand
 * times it.
 */
final class NoiseFeatures {
  static final int WIDTH = 256;
  private static final int HALF = WIDTH / 2;
  private static final double LONGEST_PERIOD = 10_000;

  /** How far the log-linear noise stays away from its end. */
  private static final double EPSILON = 1e-3;

  private NoiseFeatures() {}

  /**
   * Returns the total noise {@code sigma(t) = -ln(1 - (1 - epsilon) t)} of log-linear noise.
   *
   * @param t the time of an example, in [0, 1]
   */
  static double sigma(double t) {
    return -Math.log1p(-(1 - EPSILON) * t);
  }

  /** Returns {@link #sigma} of each time. */
  static double[] sigmas(double[] times) {
    return DoubleStream.of(times).map(NoiseFeatures::sigma).toArray();
  }

  /** Returns the features of several noises, one after another. */
  static float[] of(double... sigmas) {
    float[] features = new float[sigmas.length * WIDTH];
    for (int b = 0; b < sigmas.length; b++) {
      for (int i = 0; i < HALF; i++) {
        double angle = sigmas[b] * Math.pow(LONGEST_PERIOD, -(double) i / HALF);
        features[b * WIDTH + i] = (float) Math.cos(angle);
        features[b * WIDTH + HALF + i] = (float) Math.sin(angle);
      }
    }
    return features;
  }
}
