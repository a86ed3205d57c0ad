// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import ai.djl.Device;
import io.github.md4.core.internal.cuda.GpuMemory;
import java.util.OptionalLong;

/** A gauge of the memory in use. It keeps the peak and the last reading. */
final class MemoryGauge {
  private final Device device;
  private MemoryUse use = new MemoryUse(MemoryUse.Kind.HEAP, 0, 0);

  MemoryGauge(Device device) {
    this.device = device;
  }

  void read() {
    OptionalLong onDevice = GpuMemory.used(device);
    long bytes = onDevice.orElseGet(MemoryGauge::heap);
    MemoryUse.Kind kind = onDevice.isPresent() ? MemoryUse.Kind.DEVICE : MemoryUse.Kind.HEAP;
    use = new MemoryUse(kind, Math.max(use.peakBytes(), bytes), bytes);
  }

  MemoryUse use() {
    return use;
  }

  private static long heap() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
