// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.FloatByReference;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import io.github.md4.core.DeviceException;

/**
 * The functions of the CUDA driver that our kernels need, under their own names.
 *
 * <p>Everything runs on libtorch's stream, the default one, in the order of the calls; a {@link
 * RecordingStream} takes work aside.
 */
final class Cuda {
  static final Pointer DEFAULT_STREAM = Pointer.NULL;

  /** The driver's status of an event that has not been reached. */
  static final int NOT_READY = 600;

  private static final String LIBRARY = "libcuda.so.1";
  private static final boolean AVAILABLE = register();

  private Cuda() {}

  static native int cuInit(int flags);

  static native int cuDeviceGet(IntByReference device, int ordinal);

  static native int cuDeviceGetAttribute(IntByReference value, int attribute, int device);

  static native int cuDevicePrimaryCtxRetain(PointerByReference context, int device);

  static native int cuCtxSetCurrent(Pointer context);

  static native int cuModuleLoadData(PointerByReference module, Pointer image);

  static native int cuModuleUnload(Pointer module);

  static native int cuModuleGetFunction(PointerByReference function, Pointer module, String name);

  static native int cuFuncSetAttribute(Pointer function, int attribute, int value);

  static native int cuOccupancyMaxActiveBlocksPerMultiprocessor(
      IntByReference blocks, Pointer function, int threads, long sharedBytes);

  static native int cuLaunchKernel(
      Pointer function,
      int gridX,
      int gridY,
      int gridZ,
      int blockX,
      int blockY,
      int blockZ,
      int sharedBytes,
      Pointer stream,
      Pointer arguments,
      Pointer extra);

  static native int cuMemHostAlloc(PointerByReference memory, long bytes, int flags);

  static native int cuMemFreeHost(Pointer memory);

  static native int cuMemcpyHtoDAsync_v2(long target, Pointer source, long bytes, Pointer stream);

  static native int cuMemcpyDtoHAsync_v2(Pointer target, long source, long bytes, Pointer stream);

  static native int cuMemAlloc_v2(LongByReference memory, long bytes);

  static native int cuMemFree_v2(long memory);

  static native int cuMemsetD32Async(long target, int value, long count, Pointer stream);

  static native int cuMemGetInfo_v2(LongByReference free, LongByReference all);

  static native int cuEventCreate(PointerByReference event, int flags);

  static native int cuEventDestroy_v2(Pointer event);

  static native int cuEventRecord(Pointer event, Pointer stream);

  static native int cuEventQuery(Pointer event);

  static native int cuEventSynchronize(Pointer event);

  static native int cuEventElapsedTime(FloatByReference time, Pointer first, Pointer second);

  static native int cuMemcpyDtoDAsync_v2(long target, long source, long bytes, Pointer stream);

  static native int cuCtxSynchronize();

  static native int cuDeviceGetUuid(Pointer uuid, int device);

  static native int cuStreamCreate(PointerByReference stream, int flags);

  static native int cuStreamDestroy_v2(Pointer stream);

  static native int cuStreamSynchronize(Pointer stream);

  static native int cuStreamBeginCapture_v2(Pointer stream, int mode);

  static native int cuStreamEndCapture(Pointer stream, PointerByReference graph);

  static native int cuGraphInstantiateWithFlags(
      PointerByReference executable, Pointer graph, long flags);

  static native int cuGraphLaunch(Pointer executable, Pointer stream);

  static native int cuGraphExecDestroy(Pointer executable);

  static native int cuGraphDestroy(Pointer graph);

  static native int cuStreamWaitEvent(Pointer stream, Pointer event, int flags);

  static native int cuGetErrorString(int error, PointerByReference text);

  /** Returns whether the driver is available. */
  static boolean isAvailable() {
    return AVAILABLE;
  }

  /**
   * Checks the status that a function of the driver returned.
   *
   * @param doing the attempted action, as in "launching rotate"
   */
  static void check(int error, String doing) {
    if (error != 0) {
      throw new DeviceException("the GPU failed at " + doing + ": " + text(error));
    }
  }

  private static String text(int error) {
    PointerByReference text = new PointerByReference();
    return cuGetErrorString(error, text) == 0
        ? text.getValue().getString(0)
        : "error " + error + " of the CUDA driver";
  }

  private static boolean register() {
    try {
      Native.register(Cuda.class, NativeLibrary.getInstance(LIBRARY));
      return cuInit(0) == 0;
    } catch (LinkageError e) {
      return false;
    }
  }
}
