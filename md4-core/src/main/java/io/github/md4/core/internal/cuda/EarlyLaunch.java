// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;

/**
 * A launch of a kernel that may begin before the kernel queued in front of it has ended, and waits
 * for that one's results itself ("programmatic dependent launch"; CUDA C++ Programming Guide).
 *
 * <p>Used by one thread at a time.
 */
final class EarlyLaunch {
  /** The sizes of CUlaunchConfig and CUlaunchAttribute, and where their fields are. */
  private static final int CONFIG_BYTES = 56;

  private static final int ATTRIBUTE_BYTES = 72;
  private static final int SHARED_AT = 24;
  private static final int STREAM_AT = 32;
  private static final int ATTRIBUTES_AT = 40;
  private static final int COUNT_AT = 48;
  private static final int VALUE_AT = 8;

  /** CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION. */
  private static final int PROGRAMMATIC = 6;

  static {
    Native.register(EarlyLaunch.class, NativeLibrary.getInstance("libcuda.so.1"));
  }

  private final Memory config = new Memory(CONFIG_BYTES);
  private final Memory attribute = new Memory(ATTRIBUTE_BYTES);

  EarlyLaunch() {
    config.clear();
    attribute.clear();
    attribute.setInt(0, PROGRAMMATIC);
    attribute.setInt(VALUE_AT, 1);
    config.setPointer(ATTRIBUTES_AT, attribute);
    config.setInt(COUNT_AT, 1);
  }

  static native int cuLaunchKernelEx(
      Pointer config, Pointer function, Pointer arguments, Pointer extra);

  static native int cuOccupancyMaxActiveClusters(
      IntByReference clusters, Pointer function, Pointer config);

  /** Queues a kernel; returns the driver's status. */
  int queue(Pointer function, CudaProgram.Grid grid, Pointer stream, Pointer arguments) {
    write(grid, stream);
    return cuLaunchKernelEx(config, function, arguments, Pointer.NULL);
  }

  /** Asks how many clusters of blocks run at once; returns the driver's status. */
  int clusters(IntByReference clusters, Pointer function, CudaProgram.Grid grid) {
    write(grid, Pointer.NULL);
    return cuOccupancyMaxActiveClusters(clusters, function, config);
  }

  private void write(CudaProgram.Grid grid, Pointer stream) {
    int[] sizes = {Math.toIntExact(grid.blocks()), 1, 1, grid.threadsX(), grid.threadsY(), 1};
    config.write(0, sizes, 0, sizes.length);
    config.setInt(SHARED_AT, grid.sharedBytes());
    config.setPointer(STREAM_AT, stream);
  }
}
