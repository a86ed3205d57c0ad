// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows that are gathered on a GPU, against a plain loop; copies are exact. */
@Tag("gpu")
final class RowsAtGpuTest {
  private static final int ROWS = 1009;
  private static final int COLUMNS = 88;
  private static final int GATHERED = 4099;
  private static final String CASTS =
      """
      def narrow(self: __torch__.M, x: Tensor) -> Tensor:
        return x.to(15)
      def wide(self: __torch__.M, x: Tensor) -> Tensor:
        return x.to(6)
      """;

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: CUDA kernels are not tested");
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void rowsAt_areThoseOfALoop(Precision type) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = TorchScript.load(manager, Map.of(), CASTS);
        FusedKernels fused = FusedKernels.find(manager, options()).orElseThrow()) {
      float[] values = new float[ROWS * COLUMNS];
      for (int i = 0; i < values.length; i++) {
        values[i] = i % 251 - 125; // which bfloat16 has exactly
      }
      int[] rows = new Random(1).ints(GATHERED, 0, ROWS).toArray();
      NDArray wide = manager.create(values, new Shape(ROWS, COLUMNS));
      boolean isNarrow = type == Precision.BFLOAT16;
      NDArray x = isNarrow ? casts.run(manager, "narrow", wide).singletonOrThrow() : wide;
      NDArray made = fused.pointwise().rowsAt(manager, x, manager.create(rows), type).orElseThrow();
      float[] ours = casts.run(manager, "wide", made).singletonOrThrow().toFloatArray();
      assertThat(ours).hasSize(GATHERED * COLUMNS);
      for (int r = 0; r < GATHERED; r++) {
        for (int j = 0; j < COLUMNS; j++) {
          assertThat(ours[r * COLUMNS + j]).isEqualTo(values[rows[r] * COLUMNS + j]);
        }
      }
    }
  }

  private static FusedKernels.Options options() {
    return new FusedKernels.Options(
        new TransformerKernels.Options(Precision.BFLOAT16, Activation.GLU, 4, 4, 64, false, 1e-5),
        new TransformerKernels.Dropout(0, 0, 0),
        Precision.FLOAT32);
  }
}
