// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;

/**
 * GPU work that was recorded once and is launched again by one call of the host. It reads and
 * writes the addresses that it was recorded with.
 */
public final class CudaGraph implements AutoCloseable {
  private final CudaDevice device;
  private final Pointer executable;

  private CudaGraph(CudaDevice device, Pointer executable) {
    this.device = device;
    this.executable = executable;
  }

  /** Returns the graph that can be launched, and destroys its recording. */
  static CudaGraph of(CudaDevice device, Pointer recording) {
    PointerByReference made = new PointerByReference();
    try {
      Cuda.check(Cuda.cuGraphInstantiateWithFlags(made, recording, 0), "making a graph");
    } finally {
      Cuda.check(Cuda.cuGraphDestroy(recording), "giving back a graph");
    }
    return new CudaGraph(device, made.getValue());
  }

  /** Queues the work on the default stream. */
  public void launch() {
    device.use();
    Cuda.check(Cuda.cuGraphLaunch(executable, Cuda.DEFAULT_STREAM), "launching a graph");
  }

  @Override
  public void close() {
    device.use();
    Cuda.check(Cuda.cuGraphExecDestroy(executable), "giving back a graph");
  }
}
