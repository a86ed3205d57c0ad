// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** Uploads through DJL. */
final class PlainUpload implements Upload {
  @Override
  public void begin(long bytes) {}

  @Override
  public void end() {}

  @Override
  public NDArray longs(NDManager scope, long[] values, Shape shape) {
    return OwnedArrays.longs(scope, values, shape);
  }

  @Override
  public NDArray ints(NDManager scope, int[] values, Shape shape) {
    return OwnedArrays.ints(scope, values, shape);
  }

  @Override
  public NDArray floats(NDManager scope, float[] values, Shape shape) {
    return OwnedArrays.floats(scope, values, shape);
  }

  @Override
  public NDArray bytes(NDManager scope, byte[] values, Shape shape) {
    return OwnedArrays.bytes(scope, values, shape);
  }

  @Override
  public void close() {}
}
