// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.ndarray.NDArray;

/** Copies between arrays of one GPU, queued on the default stream. */
public final class DeviceCopy {
  private DeviceCopy() {}

  /**
   * Copies the first elements of an array.
   *
   * @param at the first element of {@code to} that is written
   * @param elementBytes of both arrays
   */
  public static void copy(NDArray from, NDArray to, long at, long elements, int elementBytes) {
    if (elements > 0) {
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
