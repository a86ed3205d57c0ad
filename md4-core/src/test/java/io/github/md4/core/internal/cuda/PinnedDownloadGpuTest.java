// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("gpu")
final class PinnedDownloadGpuTest {
  private static final int LARGE = 8192;
  private static final int PRODUCTS = 50;

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: downloads are not tested");
  }

  /** Arrays of many sizes, each closed and its memory given to others before it is read. */
  @Test
  void copies_areWhatTheArraysWere() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Download download = Download.of(manager).orElseThrow()) {
      for (int size : new int[] {1, 5, 1000, 3, 100_000, 70_000, 1}) {
        try (Download.Copy first = copyOf(manager, download, size, 1);
            Download.Copy second = copyOf(manager, download, size + 1, 2)) {
          assertThat(first.await()).hasSize(size).containsOnly(1);
          assertThat(second.await()).hasSize(size + 1).containsOnly(2);
        }
        copyOf(manager, download, size, 3).close(); // which nobody reads
      }
    }
  }

  private static Download.Copy copyOf(NDManager manager, Download download, int size, float value) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray array = scope.full(new Shape(size), value);
      Download.Copy copy = download.begin(array);
      NDArray unused = array.addi(10);
      return copy;
    }
  }

  /** The products take the GPU some hundred milliseconds. */
  @Test
  void await_waitsForNothingThatIsQueuedLater() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Download download = Download.of(manager).orElseThrow();
        Upload upload = Upload.of(manager)) {
      NDArray x = manager.ones(new Shape(LARGE, LARGE));
      x.matMul(x).close();
      GpuTimeline timeline = GpuTimeline.of(manager.getDevice()).orElseThrow();
      try (Download.Copy copy = copyOf(manager, download, 7, 4)) {
        for (int i = 0; i < PRODUCTS; i++) {
          x.matMul(x).close();
        }
        upload.begin(Long.BYTES);
        upload.longs(manager, new long[] {1}, new Shape(1)).close();
        upload.end();
        try (GpuTimeline.Mark end = timeline.mark()) {
          assertThat(copy.await()).containsOnly(4);
          assertThat(end.isReached()).isFalse();
          end.await();
        }
      }
    }
  }

  @Test
  void begin_rejectsOtherTypes() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Download download = Download.of(manager).orElseThrow()) {
      NDArray halves = manager.zeros(new Shape(3), DataType.FLOAT16);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> download.begin(halves))
          .withMessage("a copy must be one of float32: float16");
    }
  }
}
