// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;

/**
 * A denoiser whose law depends on the position, on each unmasked token, and on the time, so that
 * whatever it is told wrongly shows in the law of the samples.
 */
public record ContextDenoiser(int vocabularySize) implements Denoiser, KnownLaw {

  @Override
  public double[] mu(int[] zt, int position, double t) {
    double[] mu = new double[vocabularySize];
    double sum = 0;
    for (int v = 0; v < vocabularySize; v++) {
      mu[v] = 0.3 + 2 * t * v + ((position + v) % vocabularySize == 0 ? 0.9 : 0);
      for (int n = 0; n < zt.length; n++) {
        mu[v] += zt[n] == v ? 2.0 + n : 0;
      }
      sum += mu[v];
    }
    for (int v = 0; v < vocabularySize; v++) {
      mu[v] /= sum;
    }
    return mu;
  }

  public int mostLikely(int[] zt, int position, double t) {
    double[] mu = mu(zt, position, t);
    int best = 0;
    for (int v = 1; v < vocabularySize; v++) {
      best = mu[v] > mu[best] ? v : best;
    }
    return best;
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    int length = (int) zt.getShape().get(1);
    long[] flat = zt.toLongArray();
    long[] positions = rows.toLongArray();
    float[] logits = new float[positions.length * vocabularySize];
    for (int r = 0; r < positions.length; r++) {
      int example = (int) positions[r] / length;
      int[] sequence = new int[length];
      for (int n = 0; n < length; n++) {
        sequence[n] = (int) flat[example * length + n];
      }
      double[] mu = mu(sequence, (int) positions[r] % length, condition.times()[example]);
      for (int v = 0; v < vocabularySize; v++) {
        logits[r * vocabularySize + v] = (float) Math.log(mu[v]);
      }
    }
    return zt.getManager().create(logits, new Shape(positions.length, vocabularySize));
  }
}
