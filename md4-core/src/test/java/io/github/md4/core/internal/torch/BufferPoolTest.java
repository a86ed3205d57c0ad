// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.DeviceAddress;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
  private static final int WIDTH = 3;

  private static void withPool(BiConsumer<NDManager, BufferPool.Reused> use) {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        BufferPool.Reused pool =
            new BufferPool.Reused(manager, Precision.FLOAT32, Precision.FLOAT32)) {
      use.accept(manager, pool);
    }
  }

  private static NDArray rows(NDManager manager, int count) {
    return manager.zeros(new Shape(count, WIDTH));
  }

  private static boolean isSame(NDArray a, NDArray b) {
    return DeviceAddress.of(a) == DeviceAddress.of(b);
  }

  @Test
  void inside_isTheSameMemoryForBothBranches() {
    withPool(
        (manager, pool) -> {
          NDArray x = rows(manager, 5);
          NDArray projections = pool.inside(manager, x, 8);
          NDArray gated = pool.inside(manager, x, 6);

          assertThat(projections.getShape()).isEqualTo(new Shape(5, 8));
          assertThat(gated.getShape()).isEqualTo(new Shape(5, 6));
          assertThat(isSame(projections, gated)).isTrue();
          assertThat(isSame(projections, pool.columns(manager, x, 8))).isFalse();
        });
  }

  @Test
  void residualBuffers_haveStreamsOfTheirOwnAndOneInput() {
    withPool(
        (manager, pool) -> {
          NDArray h = rows(manager, 5);
          NDList first = pool.residualBuffers(manager, h, h, 5);
          NDList second = pool.residualBuffers(manager, h, h, 5);
          assertThat(isSame(first.get(0), second.get(0))).isFalse();
          assertThat(isSame(first.get(1), second.get(1))).isTrue();
          assertThat(isSame(first.get(0), first.get(1))).isFalse();

          pool.rewind();
          NDList next = pool.residualBuffers(manager, h, h, 4);
          assertThat(next.get(0).getShape()).isEqualTo(new Shape(4, WIDTH));
          assertThat(isSame(next.get(0), first.get(0))).isTrue();
        });
  }

  private static NDList asked(NDManager manager, BufferPool.Reused pool, NDArray x, int columns) {
    return new NDList(pool.columns(manager, x, columns), pool.inside(manager, x, columns));
  }

  @Test
  void generation_changesWhereABufferGrows() {
    withPool(
        (manager, pool) -> {
          NDArray few = rows(manager, 5);
          NDArray many = rows(manager, 1025);
          Shape shape = asked(manager, pool, few, 8).get(0).getShape();
          assertThat(pool.generation()).isZero();

          pool.rewind();
          assertThat(pool.columns(manager, many, 8).getShape()).isEqualTo(new Shape(1025, 8));
          assertThat(pool.generation()).isEqualTo(1);
          NDArray wide = pool.inside(manager, few, 9);
          assertThat(pool.generation()).isEqualTo(2);

          pool.rewind();
          NDList again = asked(manager, pool, few, 8);
          assertThat(pool.generation()).isEqualTo(2);
          assertThat(isSame(wide, again.get(1))).isTrue();
          assertThat(again.get(0).getShape()).isEqualTo(shape);
        });
  }
}
