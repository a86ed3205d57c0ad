// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** The angles of rotary position embedding (spec, Section 5.3.3). */
final class Rotary {
  private static final double THETA = 10_000;

  private Rotary() {}

  /** Returns cosines and sines of the angles, each [L, 1, W / 2]. */
  static NDList tables(NDManager manager, int length, int width) {
    int half = width / 2;
    float[] cosines = new float[length * half];
    float[] sines = new float[length * half];
    for (int i = 0; i < cosines.length; i++) {
      double angle = angle(i / half, i % half, width);
      cosines[i] = (float) Math.cos(angle);
      sines[i] = (float) Math.sin(angle);
    }
    return arrays(manager, new Shape(length, 1, half), cosines, sines);
  }

  /**
   * Returns the factors of each channel of a head and of its partner, whose products are added,
   * each [L, 1, W]. The first channels of all pairs are the first half.
   */
  static NDList halves(NDManager manager, int length, int width) {
    int half = width / 2;
    float[] own = new float[length * width];
    float[] partner = new float[length * width];
    for (int i = 0; i < own.length; i++) {
      double angle = angle(i / width, i % half, width);
      own[i] = (float) Math.cos(angle);
      partner[i] = (float) (i % width < half ? -Math.sin(angle) : Math.sin(angle));
    }
    return arrays(manager, new Shape(length, 1, width), own, partner);
  }

  private static double angle(int position, int pair, int width) {
    return position * Math.pow(THETA, -2.0 * pair / width);
  }

  private static NDList arrays(NDManager manager, Shape shape, float[] first, float[] second) {
    return new NDList(manager.create(first, shape), manager.create(second, shape));
  }
}
