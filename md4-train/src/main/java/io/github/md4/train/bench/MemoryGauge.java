// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.util.OptionalLong;

/** Reads how much memory is in use; keeps the most and the last. */
final class MemoryGauge {
  private final Device device;
  private MemoryUse use = new MemoryUse(MemoryUse.Place.HEAP, 0, 0);

  MemoryGauge(Device device) {
    this.device = device;
  }

  void read() {
    OptionalLong onDevice = onDevice();
    long bytes = onDevice.orElseGet(MemoryGauge::heap);
    MemoryUse.Place place = onDevice.isPresent() ? MemoryUse.Place.DEVICE : MemoryUse.Place.HEAP;
    use = new MemoryUse(place, Math.max(use.peakBytes(), bytes), bytes);
  }

  MemoryUse use() {
    return use;
  }

  /** Empty without a GPU, and where the CUDA run time cannot be asked (DJL looks for its file). */
  private OptionalLong onDevice() {
    if (!device.isGpu()) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(CudaUtils.getGpuMemory(device).getCommitted());
    } catch (RuntimeException | LinkageError e) {
      return OptionalLong.empty();
    }
  }

  private static long heap() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
