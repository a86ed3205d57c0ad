// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.ndarray.NDArray;
import com.sun.jna.Memory;

/** Copies of what stands in a GPU's memory. */
public final class DeviceCopy {
  private DeviceCopy() {}

  /**
   * Returns the first and the last bytes of an array on which no work is under way.
   *
   * @param bytes of the array
   * @param most of each end
   */
  public static byte[] ends(NDArray from, long bytes, long most) {
    int count = Math.toIntExact(Math.min(bytes, most));
    try (Memory both = new Memory(2L * count)) {
      long first = DeviceAddress.of(from);
      Cuda.check(Cuda.cuMemcpyDtoH_v2(both, first, count), "a copy");
      Cuda.check(Cuda.cuMemcpyDtoH_v2(both.share(count), first + bytes - count, count), "a copy");
      return both.getByteArray(0, 2 * count);
    }
  }

  /**
   * Copies the first elements of an array to another one, queued on the default stream.
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
