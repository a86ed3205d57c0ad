// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The memory of graphs that were recorded of libtorch's own work. */
@Tag("gpu")
final class RecordingStreamGpuTest {
  private static final String SOURCE =
      """
      def sum(self: __torch__.M, to: Tensor, x: Tensor) -> Tensor:
        y = x + 1.0
        z = torch.sin(y) * torch.cos(y)
        return to.copy_(z + y)
      def cleared(self: __torch__.M, to: Tensor) -> Tensor:
        return to.zero_()
      def drawn(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.rand_like(x)
      """;

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: recordings are not tested");
  }

  /**
   * A graph of some operations whose arrays in between are libtorch's, of the small and of the
   * large blocks.
   */
  @ParameterizedTest
  @ValueSource(ints = {100, 300_000, 8_000_000})
  void launches_useMemoryThatNobodyElseIsGiven(int size) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript script = TorchScript.load(manager, Map.of(), SOURCE);
        RecordingStream stream = RecordingStream.find(new CudaDevice(0)).orElseThrow()) {
      NDArray x = manager.ones(new Shape(size));
      NDArray to = manager.zeros(new Shape(size));
      NDArray expected = manager.zeros(new Shape(size));
      script.run(manager, "sum", expected, x).close();
      Runnable work = () -> script.run(manager, "sum", to, x).close();
      stream.run(work);
      try (CudaGraph graph = stream.record(work);
          CudaGraph second = stream.record(work)) {
        for (CudaGraph each : new CudaGraph[] {graph, second, graph}) {
          GpuMemory.release(manager.getDevice());
          try (NDManager scope = manager.newSubManager()) {
            NDArray[] others = new NDArray[8];
            Arrays.setAll(others, i -> scope.full(new Shape(size), 7f));
            script.run(manager, "cleared", to).close();
            each.launch();
            assertThat(to).isEqualTo(expected);
            for (NDArray other : others) {
              assertThat(other).isEqualTo(scope.full(new Shape(size), 7f));
            }
          }
        }
      }
    }
  }

  /** What waits for the GPU cannot be recorded; afterwards everything goes on as before. */
  @Test
  void record_tellsOfWhatCannotBeRecorded() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript script = TorchScript.load(manager, Map.of(), SOURCE);
        RecordingStream stream = RecordingStream.find(new CudaDevice(0)).orElseThrow()) {
      NDArray x = manager.ones(new Shape(1000));
      NDArray to = manager.zeros(new Shape(1000));
      Runnable work = () -> script.run(manager, "sum", to, x).close();
      stream.run(work);
      float[] expected = to.toFloatArray();
      assertThatThrownBy(
              () ->
                  stream.record(
                      () -> {
                        work.run();
                        float[] unused = to.toFloatArray();
                      }))
          .isInstanceOf(RuntimeException.class);
      script.run(manager, "cleared", to).close();
      assertThat(to.toFloatArray()).containsOnly(0);
      try (CudaGraph graph = stream.record(work)) {
        graph.launch();
        assertThat(to.toFloatArray()).isEqualTo(expected);
      }
    }
  }

  /** A wait for the whole GPU, or memory that libtorch frees, would end another's recording. */
  @Test
  void threadsThatRecordAtOnce_waitForEachOther() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript script = TorchScript.load(manager, Map.of(), SOURCE)) {
      CompletableFuture<Void> other =
          CompletableFuture.runAsync(() -> recordOften(manager, script));
      recordOften(manager, script);
      other.join();
    }
  }

  private static void recordOften(NDManager parent, TorchScript script) {
    try (NDManager manager = parent.newSubManager();
        RecordingStream stream = RecordingStream.find(new CudaDevice(0)).orElseThrow()) {
      NDArray x = manager.ones(new Shape(1000));
      NDArray to = manager.zeros(new Shape(1000));
      NDArray expected = manager.zeros(new Shape(1000));
      script.run(manager, "sum", expected, x).close();
      Runnable work = () -> script.run(manager, "sum", to, x).close();
      for (int i = 0; i < 50; i++) {
        stream.run(work);
        try (CudaGraph graph = stream.record(work)) {
          script.run(manager, "cleared", to).close();
          graph.launch();
          assertThat(to).isEqualTo(expected);
        }
      }
    }
  }

  /**
   * libtorch refuses its random numbers to all threads while it believes that they are recorded.
   */
  @Test
  void record_letsOtherThreadsDraw() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript script = TorchScript.load(manager, Map.of(), SOURCE);
        RecordingStream stream = RecordingStream.find(new CudaDevice(0)).orElseThrow()) {
      NDArray x = manager.ones(new Shape(1000));
      NDArray to = manager.zeros(new Shape(1000));
      Runnable work = () -> script.run(manager, "sum", to, x).close();
      stream.run(work);
      Runnable besideOthers =
          () -> {
            work.run();
            float[] drawn =
                CompletableFuture.supplyAsync(
                        () -> script.run(manager, "drawn", x).get(0).toFloatArray())
                    .join();
            assertThat(drawn).hasSize(1000);
          };
      try (CudaGraph graph = stream.record(besideOthers)) {
        script.run(manager, "cleared", to).close();
        graph.launch();
        assertThat(to.toFloatArray()).doesNotContain(0);
      }
    }
  }
}
