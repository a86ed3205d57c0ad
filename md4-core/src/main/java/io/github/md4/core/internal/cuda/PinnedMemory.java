// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Memory of the host that kernels read and write under its own address. */
public final class PinnedMemory implements AutoCloseable {
  private final CudaDevice device;
  private final Pointer memory;
  private final ByteBuffer bytes;

  /**
   * @param size in bytes, at least 1
   */
  public PinnedMemory(CudaDevice device, int size) {
    this.device = device;
    device.use();
    PointerByReference allocated = new PointerByReference();
    Cuda.check(Cuda.cuMemHostAlloc(allocated, size, 0), "taking memory of the host");
    this.memory = allocated.getValue();
    this.bytes = memory.getByteBuffer(0, size).order(ByteOrder.nativeOrder());
  }

  /** Returns its content; to be touched only while no kernel uses it. */
  public ByteBuffer bytes() {
    return bytes;
  }

  /** Returns its address, for the host and for the GPU. */
  long address() {
    return Pointer.nativeValue(memory);
  }

  @Override
  public void close() {
    device.use();
    Cuda.check(Cuda.cuMemFreeHost(memory), "giving back memory of the host");
  }
}
