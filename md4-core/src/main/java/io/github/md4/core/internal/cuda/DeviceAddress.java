// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;

/**
 * The address of an array's elements on the GPU. DJL's public interface does not give it, so this
 * class reads it by reflection.
 */
public final class DeviceAddress {
  private static final Object LIBRARY;
  private static final Method BUFFER;

  /** The most elements of at most 8 bytes whose buffer is less than 2 GiB. */
  private static final long MOST_ELEMENTS = Integer.MAX_VALUE / Double.BYTES;

  static {
    try {
      Class<?> jni = Class.forName("ai.djl.pytorch.jni.PyTorchLibrary");
      Field instance = jni.getDeclaredField("LIB");
      instance.setAccessible(true);
      LIBRARY = instance.get(null);
      BUFFER = jni.getDeclaredMethod("torchDirectByteBuffer", long.class);
      BUFFER.setAccessible(true);
    } catch (ReflectiveOperationException e) {
      throw unknown(e);
    }
  }

  private DeviceAddress() {}

  /** Returns the address of the first element of a contiguous array. */
  public static long of(NDArray array) {
    if (array.getShape().size() <= MOST_ELEMENTS) {
      return ofSmall(array);
    }
    try (NDArray first = JniUtils.slice((PtNDArray) array, 0, 0, 1, 1)) {
      return ofSmall(first);
    }
  }

  private static long ofSmall(NDArray array) {
    try {
      Object buffer = BUFFER.invoke(LIBRARY, ((PtNDArray) array).getHandle());
      return Pointer.nativeValue(Native.getDirectBufferPointer((ByteBuffer) buffer));
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException("not an array that lies in one piece", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw unknown(e);
    }
  }

  private static IllegalStateException unknown(ReflectiveOperationException cause) {
    return new IllegalStateException(
        "DJL "
            + Engine.getDjlVersion()
            + " keeps the addresses of arrays elsewhere than DJL 0.29.0; take that version, or set"
            + " training.kernels to torchscript",
        cause);
  }
}
