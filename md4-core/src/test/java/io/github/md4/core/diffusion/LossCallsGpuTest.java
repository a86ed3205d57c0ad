// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.md4.core.loss.RowLoss;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("gpu")
final class LossCallsGpuTest {
  private static final int M = 5;
  private static final int BATCHES = 40;

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: calls that wait are not tested");
  }

  /** Logits that depend on the token shown, the position and the number of the logit. */
  private record DeviceDenoiser(NDArray factors) implements Denoiser {
    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      NDArray shown = zt.flatten().take(rows).add(rows.mod(17)); // [R]
      return shown.toType(DataType.FLOAT32, false).expandDims(1).mul(factors); // [R, V]
    }
  }

  /** Batches of many sizes, of which every seventh asks for nothing. */
  private static QueryBatch batch(int number) {
    int length = 3 + number * 37 % 200;
    int[][] x = new int[1 + number % 9][length];
    int[] labels = new int[x.length];
    List<Query> queries = new ArrayList<>();
    for (int b = 0; b < x.length; b++) {
      int example = b;
      x[b] = IntStream.range(0, length).map(n -> (n * n + example + number) % M).toArray();
      labels[b] = Condition.NO_LABEL;
      int[] zt = x[b].clone();
      int[] positions =
          IntStream.range(0, number % 7 == 0 ? 0 : length)
              .filter(n -> (n * 5 + example) % 3 > 0)
              .toArray();
      for (int position : positions) {
        zt[position] = M;
      }
      queries.add(new Query(zt, 0.5, positions, 1));
    }
    return QueryBatch.of(x, labels, queries);
  }

  @Test
  void losses_areThoseOfOneBatchAfterAnother() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu())) {
      Denoiser denoiser =
          new DeviceDenoiser(manager.create(new float[] {-0.3f, 0.1f, 0.2f, 0.7f, -1.1f}));
      RowLoss loss = new RowLoss.CrossEntropy();
      int arrays = manager.getManagedArrays().size();
      List<QueryBatch> read = new ArrayList<>();
      try (LossCalls calls = LossCalls.of(manager, denoiser, loss)) {
        calls.forEach(
            IntStream.range(0, BATCHES).mapToObj(LossCallsGpuTest::batch).iterator(),
            (batch, losses) -> {
              assertThat(losses).containsExactly(batch.losses(manager, denoiser, loss));
              read.add(batch);
            });
      }
      assertThat(read).hasSize(BATCHES);
      assertThat(manager.getManagedArrays()).hasSize(arrays);
    }
  }
}
