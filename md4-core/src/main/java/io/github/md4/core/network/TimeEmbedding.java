// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static io.github.md4.core.Checks.require;

/** Sinusoidal features of a time (Vaswani et al., 2017; Ho et al., 2020; spec, Section 5.1). */
public final class TimeEmbedding {
  private static final double SCALE = 1000;
  private static final double LONGEST_PERIOD = 10_000;

  private TimeEmbedding() {}

  /**
   * {@return {@code [sin(1000 t f_k), cos(1000 t f_k)]} with {@code f_k = 10000^(-k / (h - 1))}, k
   * = 0..h-1, h = width / 2}
   *
   * @param t the time of an example, in [0, 1]
   * @param width the number of features, at least 4; where it is odd the last is zero
   * @throws IllegalArgumentException if {@code width} is below 4
   */
  public static float[] of(double t, int width) {
    return of(new double[] {t}, width);
  }

  /**
   * {@return the features of several times, one after another, [B width]}
   *
   * @param times the times of B examples, in [0, 1]
   * @param width the number of features of a time, at least 4; where it is odd the last is zero
   * @throws IllegalArgumentException if {@code width} is below 4
   */
  public static float[] of(double[] times, int width) {
    require(width >= 4, "width must be at least 4", width);
    int half = width / 2;
    double[] frequencies = new double[half];
    for (int k = 0; k < half; k++) {
      frequencies[k] = Math.exp(-Math.log(LONGEST_PERIOD) * k / (half - 1));
    }
    float[] features = new float[times.length * width];
    for (int b = 0; b < times.length; b++) {
      if (b > 0 && times[b] == times[b - 1]) { // sequences of a batch often stand at one time
        System.arraycopy(features, (b - 1) * width, features, b * width, width);
        continue;
      }
      for (int k = 0; k < half; k++) {
        double angle = SCALE * times[b] * frequencies[k];
        features[b * width + k] = (float) Math.sin(angle);
        features[b * width + half + k] = (float) Math.cos(angle);
      }
    }
    return features;
  }
}
