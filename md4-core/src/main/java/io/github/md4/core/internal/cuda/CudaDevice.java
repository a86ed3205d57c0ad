// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.HexFormat;
import java.util.Optional;

/** A GPU, in the context that libtorch shares. */
public final class CudaDevice {
  private static final int UUID_BYTES = 16;
  private static final int MULTIPROCESSORS = 16;
  private static final int CAPABILITY_MAJOR = 75;
  private static final int CAPABILITY_MINOR = 76;
  private static final int SHARED_BYTES_A_BLOCK = 97;

  /** Ampere, the first generation with bfloat16 tensor cores. */
  private static final int LOWEST_CAPABILITY = 80;

  private static final int HOPPER = 90;

  private final int ordinal;
  private final int device;
  private final Pointer context;

  /**
   * Returns the GPU of a manager; empty where our kernels do not run: on a CPU, on a GPU older than
   * Ampere, without a CUDA compiler.
   */
  public static Optional<CudaDevice> forKernels(NDManager manager) {
    Device device = manager.getDevice();
    if (!device.isGpu() || !Cuda.isAvailable()) {
      return Optional.empty();
    }
    CudaDevice cuda = new CudaDevice(device.getDeviceId());
    return cuda.capability() < LOWEST_CAPABILITY || Nvrtc.find().isEmpty()
        ? Optional.empty()
        : Optional.of(cuda);
  }

  public CudaDevice(int ordinal) {
    this.ordinal = ordinal;
    IntByReference found = new IntByReference();
    Cuda.check(Cuda.cuDeviceGet(found, ordinal), "finding GPU " + ordinal);
    this.device = found.getValue();
    PointerByReference retained = new PointerByReference();
    Cuda.check(Cuda.cuDevicePrimaryCtxRetain(retained, device), "opening GPU " + ordinal);
    this.context = retained.getValue();
  }

  /** Makes this GPU current for the calling thread's driver calls. */
  public void use() {
    Cuda.check(Cuda.cuCtxSetCurrent(context), "choosing a GPU");
  }

  /** Returns its number among the GPUs of this process. */
  int ordinal() {
    return ordinal;
  }

  public int multiprocessors() {
    return attribute(MULTIPROCESSORS);
  }

  /** Returns whether this is a Hopper GPU, whose tensor cores and copy engine have no successor. */
  public boolean isHopper() {
    return capability() == HOPPER;
  }

  /** Returns the compute capability, as 90 for 9.0. */
  int capability() {
    return 10 * attribute(CAPABILITY_MAJOR) + attribute(CAPABILITY_MINOR);
  }

  /** Returns the most shared memory that a block may ask for. */
  public int sharedBytesOfBlock() {
    return attribute(SHARED_BYTES_A_BLOCK);
  }

  /** Returns the number that no other GPU has, in hexadecimal digits. */
  public String uuid() {
    try (Memory uuid = new Memory(UUID_BYTES)) {
      Cuda.check(Cuda.cuDeviceGetUuid(uuid, device), "asking a GPU for its name");
      return HexFormat.of().formatHex(uuid.getByteArray(0, UUID_BYTES));
    }
  }

  private int attribute(int number) {
    IntByReference value = new IntByReference();
    Cuda.check(Cuda.cuDeviceGetAttribute(value, number, device), "asking a GPU what it is");
    return value.getValue();
  }
}
