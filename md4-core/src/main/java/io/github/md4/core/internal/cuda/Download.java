// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Optional;

/**
 * Copies of a device's arrays on the host. A copy is queued right behind the computation of its
 * array: whoever reads it waits for nothing that is queued later.
 */
public interface Download extends AutoCloseable {

  /** Returns such copies; empty where the host cannot queue them, as on a CPU. */
  static Optional<Download> of(NDManager manager) {
    Device device = manager.getDevice();
    return GpuTimeline.of(device)
        .map(timeline -> new PinnedDownload(new CudaDevice(device.getDeviceId()), timeline));
  }

  /**
   * Queues a copy.
   *
   * @param array float32, in one piece; it may be closed at once
   * @throws IllegalArgumentException if it is not
   */
  Copy begin(NDArray array);

  /** Gives the memory of all copies back, which have been closed. */
  @Override
  void close();

  /** A copy on the host. */
  interface Copy extends AutoCloseable {
    /** Waits for the copy, and returns its values. */
    float[] await();

    @Override
    void close();
  }
}
