// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.Flat;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.train.optimizer.AdamW;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class ParameterUpdateTest {
  private static final int[] SIZES = {15, 7};
  private static final int STEPS = 11;
  private static final Noise NOISE = new Noise(5);

  private final NDManager manager = NDManager.newBaseManager();
  private final OptimizerKernels kernels = new OptimizerKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  /** Both moments, the correction, decay and rate change from step to step. */
  @Test
  @Tag("naive")
  void apply_isThePlainLoop() {
    AdamW adamW = new AdamW(0.8, 0.95, 1e-3, 0.3);
    FlatArrays p = uniforms(0);
    Trained trained = new Trained(p, p.zeros(Precision.FLOAT32), p.zeros(Precision.FLOAT32), p);
    double[][] expected = values(p);
    double[][] m = new double[SIZES.length][15];
    double[][] v = new double[SIZES.length][15];
    for (int k = 1; k <= STEPS; k++) {
      FlatArrays g = uniforms(k);
      new ParameterUpdate(k, 0.01 * k, 0).apply(adamW, kernels, trained, g);
      for (int i = 0; i < SIZES.length; i++) {
        for (int j = 0; j < SIZES[i]; j++) {
          double gradient = g.array(i).toFloatArray()[j];
          m[i][j] = 0.8 * m[i][j] + 0.2 * gradient;
          v[i][j] = 0.95 * v[i][j] + 0.05 * gradient * gradient;
          double direction =
              m[i][j]
                  / (1 - Math.pow(0.8, k))
                  / (Math.sqrt(v[i][j] / (1 - Math.pow(0.95, k))) + 1e-3);
          expected[i][j] -= 0.01 * k * (direction + 0.3 * expected[i][j]);
        }
      }
    }
    // Eleven updates of numbers up to 2, each rounded to float32 (half a unit is 6e-8 of them).
    assertClose(p, expected, 1e-6);
    assertClose(trained.first(), m, 1e-6);
    assertClose(trained.second(), v, 1e-6);
  }

  @Test
  @Tag("exact")
  void apply_atRateZeroMovesMomentsOnly() {
    FlatArrays p = uniforms(0);
    double[][] before = values(p);
    Trained trained = new Trained(p, p.zeros(Precision.FLOAT32), p.zeros(Precision.FLOAT32), p);
    new ParameterUpdate(1, 0, 0).apply(AdamW.defaults(), kernels, trained, uniforms(1));
    assertThat(values(p)).isDeepEqualTo(before);
    assertThat(trained.first().array(0).toFloatArray()[0]).isNotZero();
    assertThat(trained.second().array(1).toFloatArray()[0]).isNotZero();
  }

  /** What is said to be good is as ever, to the last bit. */
  @Test
  @Tag("exact")
  void apply_thatIsGoodIsTheSame_oneThatIsBadIsNone() {
    AdamW adamW = new AdamW(0.8, 0.95, 1e-3, 0.3);
    Trained asked = trained();
    Trained plain = trained();
    for (int k = 1; k <= STEPS; k++) {
      boolean isGood = k % 3 != 0;
      FlatArrays g = uniforms(k);
      if (!isGood) {
        float[] bad = g.array(1).toFloatArray();
        bad[0] = Float.NaN;
        bad[1] = Float.POSITIVE_INFINITY;
        g.set(1, bad);
      }
      NDArray good = manager.create(new float[] {isGood ? 1 : 0, 7, 7});
      new ParameterUpdate(k, 0.01 * k, 0.9, Optional.of(good)).apply(adamW, kernels, asked, g);
      if (isGood) {
        new ParameterUpdate(k, 0.01 * k, 0.9).apply(adamW, kernels, plain, g);
      }
      assertThat(values(asked.parameters())).isDeepEqualTo(values(plain.parameters()));
      assertThat(values(asked.first())).isDeepEqualTo(values(plain.first()));
      assertThat(values(asked.second())).isDeepEqualTo(values(plain.second()));
      assertThat(values(asked.average())).isDeepEqualTo(values(plain.average()));
    }
  }

  private Trained trained() {
    FlatArrays p = uniforms(0);
    return new Trained(p, p.zeros(Precision.FLOAT32), p.zeros(Precision.FLOAT32), p.copy());
  }

  @Test
  @Tag("exact")
  void apply_leavesNothingBehind() {
    FlatArrays p = uniforms(0);
    FlatArrays g = uniforms(1);
    Trained trained = new Trained(p, p.zeros(Precision.FLOAT32), p.zeros(Precision.FLOAT32), p);
    manager.cap();
    int before = manager.getManagedArrays().size();
    for (int k = 1; k <= 3; k++) {
      new ParameterUpdate(k, 0.1, 0).apply(AdamW.defaults(), kernels, trained, g);
    }
    assertThat(manager.getManagedArrays()).hasSize(before);
  }

  private FlatArrays uniforms(int step) {
    float[][] values = new float[SIZES.length][];
    for (int i = 0; i < SIZES.length; i++) {
      double[] u = NOISE.uniforms(Purpose.SOURCE, step, i, SIZES[i]);
      values[i] = new float[u.length];
      for (int j = 0; j < u.length; j++) {
        values[i][j] = (float) (2 * u[j] - 1);
      }
    }
    return Flat.of(manager, values);
  }

  private static double[][] values(FlatArrays list) {
    double[][] values = new double[list.size()][];
    for (int i = 0; i < values.length; i++) {
      float[] floats = list.array(i).toFloatArray();
      values[i] = new double[floats.length];
      for (int j = 0; j < floats.length; j++) {
        values[i][j] = floats[j];
      }
    }
    return values;
  }

  private static void assertClose(FlatArrays ours, double[][] expected, double tolerance) {
    for (int i = 0; i < ours.size(); i++) {
      float[] values = ours.array(i).toFloatArray();
      for (int j = 0; j < values.length; j++) {
        assertThat((double) values[j])
            .as(i + ", " + j)
            .isCloseTo(expected[i][j], within(tolerance));
      }
    }
  }
}
