// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Copies between arrays of one GPU, queued on its default stream. */
public final class DeviceCopy {
  private static final Map<Integer, CudaDevice> DEVICES = new ConcurrentHashMap<>();

  private DeviceCopy() {}

  /**
   * Copies the first elements of an array.
   *
   * @param at the first element of {@code to} that is written
   * @param elementBytes of both arrays
   */
  public static void copy(NDArray from, NDArray to, long at, long elements, int elementBytes) {
    if (elements > 0) {
      // The calling thread may have used another GPU last, or none.
      DEVICES.computeIfAbsent(to.getDevice().getDeviceId(), CudaDevice::new).use();
      Cuda.check(
          Cuda.cuMemcpyDtoDAsync_v2(
              DeviceAddress.of(to) + at * elementBytes,
              DeviceAddress.of(from),
              elements * elementBytes,
              Cuda.DEFAULT_STREAM),
          "a copy");
    }
  }
}
