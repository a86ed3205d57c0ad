// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.kernel.OptimizerKernels;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.optimizer.AdamW.Moments;
import io.github.md4.core.optimizer.AdamW.Step;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class AdamWTest {
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
  void step_isThePlainLoop() {
    AdamW adamW = new AdamW(0.8, 0.95, 1e-3, 0.3);
    NDList p = uniforms(0);
    Moments moments = new Moments(zeros(), zeros());
    double[][] expected = values(p);
    double[][] m = new double[SIZES.length][15];
    double[][] v = new double[SIZES.length][15];
    for (int k = 1; k <= STEPS; k++) {
      NDList g = uniforms(k);
      adamW.step(kernels, p, g, moments, new Step(k, 0.01 * k));
      for (int i = 0; i < SIZES.length; i++) {
        for (int j = 0; j < SIZES[i]; j++) {
          double gradient = g.get(i).toFloatArray()[j];
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
    assertClose(moments.first(), m, 1e-6);
    assertClose(moments.second(), v, 1e-6);
  }

  @Test
  @Tag("exact")
  void step_atRateZeroMovesMomentsOnly() {
    NDList p = uniforms(0);
    double[][] before = values(p);
    Moments moments = new Moments(zeros(), zeros());
    AdamW.defaults().step(kernels, p, uniforms(1), moments, new Step(1, 0));
    assertThat(values(p)).isDeepEqualTo(before);
    assertThat(moments.first().get(0).toFloatArray()[0]).isNotZero();
    assertThat(moments.second().get(1).toFloatArray()[0]).isNotZero();
  }

  @Test
  @Tag("exact")
  void step_leavesNothingBehind() {
    NDList p = uniforms(0);
    NDList g = uniforms(1);
    Moments moments = new Moments(zeros(), zeros());
    manager.cap();
    int before = manager.getManagedArrays().size();
    for (int k = 1; k <= 3; k++) {
      AdamW.defaults().step(kernels, p, g, moments, new Step(k, 0.1));
    }
    assertThat(manager.getManagedArrays()).hasSize(before);
  }

  @Test
  @Tag("exact")
  void numbers_areChecked() {
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(1, 0.9, 1e-8, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(0.9, Double.NaN, 1e-8, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(0.9, 0.9, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(0.9, 0.9, 1e-8, -1));
  }

  private NDList uniforms(int step) {
    NDList list = new NDList();
    for (int i = 0; i < SIZES.length; i++) {
      double[] u = NOISE.uniforms(Purpose.SOURCE, step, i, SIZES[i]);
      float[] values = new float[u.length];
      for (int j = 0; j < u.length; j++) {
        values[j] = (float) (2 * u[j] - 1);
      }
      list.add(manager.create(values, shape(i)));
    }
    return list;
  }

  private NDList zeros() {
    return new NDList(manager.zeros(shape(0)), manager.zeros(shape(1)));
  }

  private static Shape shape(int i) {
    return i == 0 ? new Shape(3, 5) : new Shape(7);
  }

  private static double[][] values(NDList list) {
    double[][] values = new double[list.size()][];
    for (int i = 0; i < values.length; i++) {
      float[] floats = list.get(i).toFloatArray();
      values[i] = new double[floats.length];
      for (int j = 0; j < floats.length; j++) {
        values[i][j] = floats[j];
      }
    }
    return values;
  }

  private static void assertClose(NDList ours, double[][] expected, double tolerance) {
    for (int i = 0; i < ours.size(); i++) {
      NDArray array = ours.get(i);
      float[] values = array.toFloatArray();
      for (int j = 0; j < values.length; j++) {
        assertThat((double) values[j])
            .as(i + ", " + j)
            .isCloseTo(expected[i][j], within(tolerance));
      }
    }
  }
}
