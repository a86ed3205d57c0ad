// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/**
 * Attention of rotated queries and keys, forward and backward; all arrays are in rows, as products
 * write them. Results belong to {@code scope}.
 */
interface AttentionKernels extends AutoCloseable {

  /**
   * Returns the output [N, H W], then what the backward needs besides.
   *
   * @param qkv [N, (H + 2 K) W], queries and keys rotated
   * @param length of an example
   * @param seed of the dropout, if there is any
   */
  NDList attend(NDManager scope, NDArray qkv, int length, int seed);

  /**
   * Returns the gradient by queries, keys and values before the rotation, [N, (H + 2 K) W].
   *
   * @param gradient by the output
   * @param forward the result of {@link #attend}, with the same seed
   * @param rotary cosines and sines, each [L, 1, W / 2]
   */
  NDArray attendBackward(
      NDManager scope, NDArray gradient, NDArray qkv, NDList forward, NDList rotary, int seed);

  @Override
  void close();
}
