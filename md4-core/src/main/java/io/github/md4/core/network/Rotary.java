// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** The angles of rotary position embedding (spec, Section 5.3.3). */
final class Rotary {
  private static final double THETA = 10_000;

  private Rotary() {}

  /** Returns cosines and sines of {@code position * THETA^(-2 j / width)}, each [L, 1, W / 2]. */
  static NDList tables(NDManager manager, int length, int width) {
    int half = width / 2;
    float[] cosines = new float[length * half];
    float[] sines = new float[length * half];
    for (int position = 0; position < length; position++) {
      for (int j = 0; j < half; j++) {
        double angle = position * Math.pow(THETA, -2.0 * j / width);
        cosines[position * half + j] = (float) Math.cos(angle);
        sines[position * half + j] = (float) Math.sin(angle);
      }
    }
    Shape shape = new Shape(length, 1, half);
    return new NDList(manager.create(cosines, shape), manager.create(sines, shape));
  }
}
