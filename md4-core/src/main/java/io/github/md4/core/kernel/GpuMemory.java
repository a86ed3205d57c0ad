// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import ai.djl.Device;
import ai.djl.pytorch.jni.JniUtils;
import com.sun.jna.ptr.LongByReference;
import java.util.OptionalLong;

/** How much of a GPU's memory is taken, and what the engine need not keep of it. */
public final class GpuMemory {

  private GpuMemory() {}

  /**
   * Returns the bytes in use on a GPU, by whatever process; empty for a CPU, or where the driver
   * cannot be asked.
   */
  public static OptionalLong used(Device device) {
    if (!device.isGpu() || !Cuda.isAvailable()) {
      return OptionalLong.empty();
    }
    new CudaDevice(device.getDeviceId()).use();
    LongByReference free = new LongByReference();
    LongByReference all = new LongByReference();
    Cuda.check(Cuda.cuMemGetInfo_v2(free, all), "asking for its memory");
    return OptionalLong.of(all.getValue() - free.getValue());
  }

  /** Gives back what the engine keeps on a GPU for arrays to come; on the CPU it keeps nothing. */
  public static void release(Device device) {
    if (device.isGpu()) {
      JniUtils.emptyCudaCache();
    }
  }
}
