// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.github.md4.core.DeviceException;

/**
 * GPU work that was recorded once and is launched again by one call of the host. It reads and
 * writes the addresses that it was recorded with. The memory of arrays that were made while it was
 * recorded is kept for it and the other graphs of its stream, whether they are closed or not.
 */
public final class CudaGraph implements AutoCloseable {
  private final CudaDevice device;
  private final Pointer executable;
  private final LibtorchMemory.Recording memory;

  private CudaGraph(CudaDevice device, Pointer executable, LibtorchMemory.Recording memory) {
    this.device = device;
    this.executable = executable;
    this.memory = memory;
  }

  /**
   * Returns the graph that can be launched, and destroys what was recorded.
   *
   * @param memory closed with it
   */
  static CudaGraph of(CudaDevice device, Pointer recorded, LibtorchMemory.Recording memory) {
    PointerByReference made = new PointerByReference();
    try {
      Cuda.check(Cuda.cuGraphInstantiateWithFlags(made, recorded, 0), "making a graph");
    } catch (DeviceException e) {
      memory.close();
      throw e;
    } finally {
      Cuda.check(Cuda.cuGraphDestroy(recorded), "giving back a graph");
    }
    return new CudaGraph(device, made.getValue(), memory);
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
    memory.close();
  }
}
