// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class OptimizerKernelsTest {
  private final NDManager manager = NDManager.newBaseManager();
  private final OptimizerKernels kernels = new OptimizerKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  /** Moments that stay zero leave the parameters where they are: what moves is the average. */
  private void average(FlatArrays e, FlatArrays p, double rate) {
    try (FlatArrays g = p.zeros(Precision.FLOAT32);
        FlatArrays first = p.zeros(Precision.FLOAT32);
        FlatArrays second = p.zeros(Precision.FLOAT32)) {
      OptimizerKernels.Trained trained = new OptimizerKernels.Trained(p, first, second, e);
      kernels.update(
          trained, g, new OptimizerKernels.Numbers(0, 0, 0, 1, 0, 1, 1, rate, Optional.empty()));
    }
  }

  @Test
  @Tag("naive")
  void update_averagesAsThePlainRecursion() {
    FlatArrays e = Flat.of(manager, new float[] {1, -2, 3}, new float[] {5});
    double[] expected = {1, -2, 3, 5};
    for (int k = 1; k <= 13; k++) {
      float[] p = {k, -k, 0.5f * k, 7};
      average(e, Flat.of(manager, new float[] {p[0], p[1], p[2]}, new float[] {p[3]}), 0.9);
      for (int i = 0; i < expected.length; i++) {
        expected[i] = 0.9 * expected[i] + 0.1 * p[i];
      }
    }
    float[] first = e.array(0).toFloatArray();
    for (int i = 0; i < 3; i++) {
      // Thirteen roundings of numbers below 8, half a unit each.
      assertThat((double) first[i]).isCloseTo(expected[i], within(3e-6));
    }
    assertThat((double) e.array(1).toFloatArray()[0]).isCloseTo(expected[3], within(3e-6));
  }

  /** An average far from 1 - 2^-24 still moves: the reference's rate over many steps. */
  @Test
  @Tag("exact")
  void update_averagesAtTheReferencesRate() {
    FlatArrays e = Flat.of(manager, new float[] {0});
    FlatArrays p = Flat.of(manager, new float[] {1});
    for (int k = 0; k < 2000; k++) {
      average(e, p, 0.9999);
    }
    // 2000 roundings of half a unit of at most 0.25 (1.5e-8), at random signs, are below 1e-6.
    assertThat((double) e.array(0).toFloatArray()[0])
        .isCloseTo(1 - Math.pow(0.9999, 2000), within(2e-6));
  }

  @Test
  @Tag("exact")
  void update_averagesNothingWhereTheAverageIsTheParameters() {
    FlatArrays p = Flat.of(manager, new float[] {1, 2});
    average(p, p, 0.5);
    assertThat(p.array(0).toFloatArray()).containsExactly(1, 2);
  }

  @Test
  @Tag("exact")
  void add_sumsInPlace() {
    FlatArrays sum = Flat.of(manager, new float[] {1, 2}, new float[] {3});
    kernels.add(sum, Flat.of(manager, new float[] {5, 7}, new float[] {11}));
    assertThat(sum.array(0).toFloatArray()).containsExactly(6, 9);
    assertThat(sum.array(1).toFloatArray()).containsExactly(14);
  }

  @Test
  @Tag("exact")
  void norms_areOfEachAlone() {
    FlatArrays g = Flat.of(manager, new float[] {3, -4}, new float[] {6});
    assertThat(kernels.norms(manager, g).toFloatArray()).containsExactly(5, 6);
  }

  @Test
  @Tag("exact")
  void norm_isOfAllTogether() {
    FlatArrays g = Flat.of(manager, new float[] {2, -3}, new float[] {6});
    assertThat(kernels.norm(manager, g).getFloat()).isEqualTo(7);
  }
}
