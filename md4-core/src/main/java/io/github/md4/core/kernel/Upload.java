// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** How arrays of the host get to the device; they belong to {@code scope}. */
interface Upload extends AutoCloseable {

  /** Announces that up to so many bytes will follow, until {@link #end}. */
  void begin(long bytes);

  void end();

  NDArray longs(NDManager scope, long[] values, Shape shape);

  NDArray ints(NDManager scope, int[] values, Shape shape);

  NDArray floats(NDManager scope, float[] values, Shape shape);

  NDArray bytes(NDManager scope, byte[] values, Shape shape);

  @Override
  void close();
}
