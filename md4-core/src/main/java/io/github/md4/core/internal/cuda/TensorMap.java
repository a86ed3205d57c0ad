// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.ndarray.NDArray;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * The description of a matrix from which Hopper's copy engine reads tiles, of 64 rows unless said
 * otherwise by 128 bytes, into shared memory, its 16-byte chunks permuted by row for the tensor
 * cores: a bfloat16 matrix in tiles of 64 columns, a float32 one of 32.
 *
 * <p>The matrix has the positions of its examples one after another. A tile belongs to one example;
 * what lies beyond the example's end is read as zeros. The description holds the array's address.
 */
public final class TensorMap {
  static final int BYTES = 128;

  private static final int ALIGNMENT = 64;
  private static final int TILE = 64;
  private static final int TILE_ROW_BYTES = 128;
  private static final int SWIZZLE_128_BYTES = 3;
  private static final int PROMOTE_TO_128_BYTES = 2;

  static {
    Native.register(TensorMap.class, NativeLibrary.getInstance("libcuda.so.1"));
  }

  private final Memory memory = new Memory(BYTES + ALIGNMENT);
  private final Pointer aligned = memory.align(ALIGNMENT);

  /** The type of a matrix. */
  private enum Element {
    BFLOAT16(9, Short.BYTES),
    FLOAT32(7, Float.BYTES);

    /** The value of CUtensorMapDataType. */
    private final int number;

    private final int bytes;

    Element(int number, int bytes) {
      this.number = number;
      this.bytes = bytes;
    }
  }

  /**
   * @param matrix [examples * length, columns], bfloat16 in one piece, columns a multiple of 8
   */
  public TensorMap(NDArray matrix, int length) {
    this(matrix, length, TILE);
  }

  /** A description of a matrix that is read in tiles of another number of rows. */
  public TensorMap(NDArray matrix, int length, int tileRows) {
    this(matrix, length, tileRows, Element.BFLOAT16);
  }

  /** Returns the description of a float32 matrix in one piece, columns a multiple of 4. */
  public static TensorMap ofFloats(NDArray matrix, int length, int tileRows) {
    return new TensorMap(matrix, length, tileRows, Element.FLOAT32);
  }

  private TensorMap(NDArray matrix, int length, int tileRows, Element element) {
    long rows = matrix.getShape().get(0);
    long columns = matrix.getShape().get(1);
    long rowBytes = columns * element.bytes;
    try (Memory sizes = longs(columns, length, rows / length);
        Memory strides = longs(rowBytes, rowBytes * length);
        Memory box = ints(TILE_ROW_BYTES / element.bytes, tileRows, 1);
        Memory steps = ints(1, 1, 1)) {
      int error =
          cuTensorMapEncodeTiled(
              aligned,
              element.number,
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
