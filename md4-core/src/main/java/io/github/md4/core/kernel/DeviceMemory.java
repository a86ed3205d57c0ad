// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import ai.djl.Device;
import ai.djl.pytorch.jni.JniUtils;

/** The memory that the engine keeps on a device for arrays to come. */
public final class DeviceMemory {
  private DeviceMemory() {}

  /** Gives back to a GPU what no array is using; on the CPU there is nothing that is kept. */
  public static void release(Device device) {
    if (device.isGpu()) {
      JniUtils.emptyCudaCache();
    }
  }
}
