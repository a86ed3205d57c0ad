// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;

/**
 * Logits that were fixed before, one row a position.
 *
 * @param logits [positions, V]
 */
record FixedDenoiser(float[] logits, int vocabularySize) implements Denoiser {

  /** Uniform in [-3, 3). */
  static FixedDenoiser random(int positions, int vocabularySize) {
    double[] u = new Noise(59).uniforms(Purpose.SOURCE, 0, 0, positions * vocabularySize);
    float[] logits = new float[u.length];
    for (int i = 0; i < u.length; i++) {
      logits[i] = (float) (6 * u[i] - 3);
    }
    return new FixedDenoiser(logits, vocabularySize);
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    long[] positions = rows.toLongArray();
    float[] chosen = new float[positions.length * vocabularySize];
    for (int r = 0; r < positions.length; r++) {
      System.arraycopy(
          logits, (int) positions[r] * vocabularySize, chosen, r * vocabularySize, vocabularySize);
    }
    return zt.getManager().create(chosen, new Shape(positions.length, vocabularySize));
  }

  /** In plain loops. */
  double crossEntropy(int position, int token) {
    double sum = 0;
    for (int v = 0; v < vocabularySize; v++) {
      sum += Math.exp(logits[position * vocabularySize + v]);
    }
    return Math.log(sum) - logits[position * vocabularySize + token];
  }
}
