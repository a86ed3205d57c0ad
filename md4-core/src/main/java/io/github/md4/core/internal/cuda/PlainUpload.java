// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;

/**
 * Uploads through DJL, copied into the engine's own memory. On the CPU DJL's array uses the memory
 * of a Java buffer until it is closed, and a recorded graph reads it later.
 */
final class PlainUpload implements Upload {
  @Override
  public void begin(long bytes) {}

  @Override
  public void end() {}

  @Override
  public NDArray longs(NDManager scope, long[] values, Shape shape) {
    return owned(scope.create(values, shape));
  }

  @Override
  public NDArray ints(NDManager scope, int[] values, Shape shape) {
    return owned(scope.create(values, shape));
  }

  @Override
  public NDArray floats(NDManager scope, float[] values, Shape shape) {
    return owned(scope.create(values, shape));
  }

  @Override
  public NDArray bytes(NDManager scope, byte[] values, Shape shape) {
    return owned(scope.create(ByteBuffer.wrap(values), shape, DataType.UINT8));
  }

  private static NDArray owned(NDArray lent) {
    try (lent) {
      return lent.duplicate();
    }
  }

  @Override
  public void close() {}
}
