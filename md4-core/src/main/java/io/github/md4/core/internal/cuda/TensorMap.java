// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.ndarray.NDArray;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * The description of a bfloat16 matrix from which Hopper's copy engine reads tiles, of 64 rows
 * unless said otherwise by 64 columns, into shared memory, its 16-byte chunks permuted by row for
 * the tensor cores.
 *
 * <p>The matrix has the positions of its examples one after another. A tile belongs to one example;
 * what lies beyond the example's end is read as zeros. The description holds the array's address.
 */
public final class TensorMap {
  static final int BYTES = 128;

  private static final int ALIGNMENT = 64;
  private static final int BFLOAT16 = 9;
  private static final int TILE = 64;
  private static final int SWIZZLE_128_BYTES = 3;
  private static final int PROMOTE_TO_128_BYTES = 2;

  static {
    Native.register(TensorMap.class, NativeLibrary.getInstance("libcuda.so.1"));
  }

  private final Memory memory = new Memory(BYTES + ALIGNMENT);
  private final Pointer aligned = memory.align(ALIGNMENT);

  /**
   * @param matrix [examples * length, columns], bfloat16 in one piece, columns a multiple of 8
   */
  public TensorMap(NDArray matrix, int length) {
    this(matrix, length, TILE);
  }

  /** A description of a matrix that is read in tiles of another number of rows. */
  public TensorMap(NDArray matrix, int length, int tileRows) {
    long rows = matrix.getShape().get(0);
    long columns = matrix.getShape().get(1);
    long rowBytes = columns * Short.BYTES;
    try (Memory sizes = longs(columns, length, rows / length);
        Memory strides = longs(rowBytes, rowBytes * length);
        Memory box = ints(TILE, tileRows, 1);
        Memory steps = ints(1, 1, 1)) {
      int error =
          cuTensorMapEncodeTiled(
              aligned,
              BFLOAT16,
              3,
              DeviceAddress.of(matrix),
              sizes,
              strides,
              box,
              steps,
              0,
              SWIZZLE_128_BYTES,
              PROMOTE_TO_128_BYTES,
              0);
      Cuda.check(error, "describing a matrix");
    }
  }

  static native int cuTensorMapEncodeTiled(
      Pointer map,
      int type,
      int rank,
      long address,
      Pointer sizes,
      Pointer strides,
      Pointer box,
      Pointer steps,
      int interleave,
      int swizzle,
      int promotion,
      int fill);

  Pointer pointer() {
    return aligned;
  }

  private static Memory longs(long... values) {
    Memory memory = new Memory((long) Long.BYTES * values.length);
    memory.write(0, values, 0, values.length);
    return memory;
  }

  private static Memory ints(int... values) {
    Memory memory = new Memory((long) Integer.BYTES * values.length);
    memory.write(0, values, 0, values.length);
    return memory;
  }
}
