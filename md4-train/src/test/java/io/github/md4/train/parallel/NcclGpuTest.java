// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.nccl.NcclGroup;
import io.github.md4.core.internal.torch.FlatArrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** All calls of NCCL that training makes, in a group of one process. */
@Tag("gpu")
final class NcclGpuTest {
  private static final int ROUNDS = 1000;
  private static final int LENGTH = 1 << 20;

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: NCCL is not tested");
  }

  @Test
  void groupOfOne_givesBackWhatItIsGiven_withoutALeak() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        NcclGroup group = NcclGroup.join(Device.gpu(), NcclGroup.newId(), 0, 1)) {
      FlatArrays vector = FlatArrays.zeros(manager, List.of(new Shape(LENGTH)), Precision.FLOAT32);
      FlatArrays piece = vector.zeros(Precision.FLOAT32);
      FlatArrays narrow = vector.zeros(Precision.BFLOAT16);
      float[] values = new float[LENGTH];
      for (int i = 0; i < LENGTH; i++) {
        values[i] = i % 1009;
      }
      vector.fill(values);
      long before = 0;
      for (int round = 0; round < ROUNDS; round++) {
        group.follow();
        group.sum(vector);
        group.scatterSum(vector, piece);
        group.together(
            () -> {
              group.gather(piece, vector);
              group.sum(narrow);
            });
        group.join();
        if (round == ROUNDS / 2) {
          assertThat(vector.whole().toFloatArray()).isEqualTo(values);
          before = GpuMemory.used(Device.gpu()).orElseThrow();
        }
      }
      try (NDArray one = manager.create(new float[] {3, 4})) {
        group.follow();
        group.sum(one);
        group.join();
        assertThat(one.toFloatArray()).containsExactly(3, 4);
      }
      assertThat(vector.whole().toFloatArray()).isEqualTo(values);
      assertThat(piece.whole().toFloatArray()).isEqualTo(values);
      group.check();
      // Another process may use some, too.
      assertThat(GpuMemory.used(Device.gpu()).orElseThrow() - before).isLessThan(4 << 20);
    }
  }
}
