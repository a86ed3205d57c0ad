// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** Copies of host values on the device; they belong to {@code scope}. */
public interface Upload extends AutoCloseable {

  /** Returns uploads for which the host does not wait, where the device supports them. */
  static Upload of(NDManager manager) {
    Device device = manager.getDevice();
    return device.isGpu() && Cuda.isAvailable()
        ? new PinnedUpload(new CudaDevice(device.getDeviceId()))
        : new PlainUpload();
  }

  /** Returns uploads for which the host waits, for any device. */
  static Upload plain() {
    return new PlainUpload();
  }

  /** Announces uploads of up to {@code bytes} bytes, until {@link #end}. */
  void begin(long bytes);

  void end();

  NDArray longs(NDManager scope, long[] values, Shape shape);

  NDArray ints(NDManager scope, int[] values, Shape shape);

  NDArray floats(NDManager scope, float[] values, Shape shape);

  NDArray bytes(NDManager scope, byte[] values, Shape shape);

  @Override
  void close();
}
