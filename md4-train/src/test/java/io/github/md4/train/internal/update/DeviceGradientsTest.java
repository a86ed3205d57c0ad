// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Flat;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.train.optimizer.GradientClip;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class DeviceGradientsTest {
  private final NDManager manager = NDManager.newBaseManager();
  private final OptimizerKernels kernels = new OptimizerKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  /** Of norm 7 together: 4 + 9 + 36. */
  private FlatArrays gradients() {
    return Flat.of(manager, new float[] {2, -3}, new float[] {6});
  }

  @ParameterizedTest
  @ValueSource(doubles = {7.5, 7, 3.5, 0.07})
  void norm_scalesAllTogetherWhereTheyExceedIt(double bound) {
    FlatArrays gradients = gradients();
    new GradientClip.Norm(bound).apply(new DeviceGradients(kernels, gradients));
    double factor = Math.min(1, bound / 7);
    // One product in float32.
    assertThat(gradients.array(0).toFloatArray())
        .containsExactly(new float[] {(float) (2 * factor), (float) (-3 * factor)}, within(4e-7f));
    assertThat(gradients.array(1).toFloatArray())
        .containsExactly(new float[] {(float) (6 * factor)}, within(8e-7f));
  }

  @Test
  void norm_leavesZerosAsTheyAre() {
    FlatArrays zeros = Flat.of(manager, new float[2]);
    new GradientClip.Norm(1).apply(new DeviceGradients(kernels, zeros));
    assertThat(zeros.array(0).toFloatArray()).containsExactly(0, 0);
  }

  @Test
  void value_movesEachElementIntoTheBounds() {
    FlatArrays gradients = gradients();
    new GradientClip.Value(2.5).apply(new DeviceGradients(kernels, gradients));
    assertThat(gradients.array(0).toFloatArray()).containsExactly(2, -2.5f);
    assertThat(gradients.array(1).toFloatArray()).containsExactly(2.5f);
  }

  @Test
  void none_changesNothing() {
    FlatArrays gradients = gradients();
    new GradientClip.None().apply(new DeviceGradients(kernels, gradients));
    assertThat(gradients.array(0).toFloatArray()).containsExactly(2, -3);
  }

  @Test
  void apply_leavesNothingBehind() {
    FlatArrays gradients = gradients();
    int before = manager.getManagedArrays().size();
    new GradientClip.Norm(1).apply(new DeviceGradients(kernels, gradients));
    new GradientClip.Value(1).apply(new DeviceGradients(kernels, gradients));
    assertThat(manager.getManagedArrays()).hasSize(before);
  }
}
