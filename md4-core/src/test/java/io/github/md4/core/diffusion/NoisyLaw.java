// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.schedule.MaskingSchedule;

/**
 * The denoiser that knows a tiny law under uniform noise: the law of each clean token given all
 * that is shown at a time.
 *
 * @param sharpness the exponent of what it says: 1 for the truth
 */
public record NoisyLaw(TinyLaw law, MaskingSchedule schedule, double sharpness)
    implements Denoiser {

  /** Returns mu at a position. */
  public double[] mu(int[] zt, int position, double t) {
    UniformProcess process = new UniformProcess(law.space(), schedule);
    double[] mu = new double[law.space().vocabularySize()];
    for (int i = 0; i < law.sequences().length; i++) {
      int[] x = law.sequences()[i];
      double p = law.probabilities()[i];
      for (int n = 0; n < x.length; n++) {
        p *= zt[n] == x[n] ? process.own(t) : process.other(t);
      }
      mu[x[position]] += p;
    }
    double sum = 0;
    for (int v = 0; v < mu.length; v++) {
      mu[v] = Math.pow(mu[v], sharpness);
      sum += mu[v];
    }
    for (int v = 0; v < mu.length; v++) {
      mu[v] /= sum;
    }
    return mu;
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    long[] flat = zt.toLongArray();
    long[] positions = rows.toLongArray();
    int size = law.space().vocabularySize();
    float[] logits = new float[positions.length * size];
    for (int r = 0; r < positions.length; r++) {
      int example = (int) positions[r] / law.length();
      int[] shown = new int[law.length()];
      for (int n = 0; n < shown.length; n++) {
        shown[n] = (int) flat[example * law.length() + n];
      }
      double[] mu = mu(shown, (int) positions[r] % law.length(), condition.times()[example]);
      for (int v = 0; v < size; v++) {
        logits[r * size + v] = (float) Math.log(mu[v]);
      }
    }
    return zt.getManager().create(logits, new Shape(positions.length, size));
  }
}
