// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.util.function.BinaryOperator;

/**
 * Arrays from the host in the engine's own memory. On the CPU an array that DJL creates uses the
 * memory of a Java buffer until it is closed; a recorded graph keeps such an array for the backward
 * pass and reads that memory later, when Java may have given it to others. What a recorded forward
 * pass reads is made here.
 */
public final class OwnedArrays {
  private OwnedArrays() {}

  /** Returns float32 numbers of a shape, attached to the manager. */
  public static NDArray floats(NDManager manager, float[] values, Shape shape) {
    return owned(manager.create(values, shape));
  }

  /** Returns float64 numbers of a shape, attached to the manager. */
  public static NDArray doubles(NDManager manager, double[] values, Shape shape) {
    return owned(manager.create(values, shape));
  }

  /** Returns int64 numbers of a shape, attached to the manager. */
  public static NDArray longs(NDManager manager, long[] values, Shape shape) {
    return owned(manager.create(values, shape));
  }

  /** Returns int32 numbers of a shape, attached to the manager. */
  public static NDArray ints(NDManager manager, int[] values, Shape shape) {
    return owned(manager.create(values, shape));
  }

  /** Returns unsigned bytes of a shape, attached to the manager. */
  public static NDArray bytes(NDManager manager, byte[] values, Shape shape) {
    return owned(manager.create(ByteBuffer.wrap(values), shape, DataType.UINT8));
  }

  /** Returns x times a number. DJL's {@code x.mul(number)} lends the graph its number. */
  public static NDArray times(NDArray x, Number factor) {
    return with(x, factor, NDArray::mul);
  }

  /** Returns x over a number. */
  public static NDArray over(NDArray x, Number divisor) {
    return with(x, divisor, NDArray::div);
  }

  /** Returns x to the power of a number. */
  public static NDArray power(NDArray x, Number exponent) {
    return with(x, exponent, NDArray::pow);
  }

  /** Returns the larger of x and a number of its type. */
  public static NDArray atLeast(NDArray x, Number least) {
    return with(x, least, NDArray::maximum);
  }

  private static NDArray with(NDArray x, Number number, BinaryOperator<NDArray> operation) {
    try (NDArray own = owned(x.getManager().create(number))) {
      return operation.apply(x, own);
    }
  }

  private static NDArray owned(NDArray lent) {
    if (lent.getDevice().isGpu()) {
      return lent; // a copy already
    }
    try (lent) {
      return lent.duplicate();
    }
  }
}
