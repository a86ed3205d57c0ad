// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Optional;

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

  /** Returns attention of chosen queries; empty where all positions attend. */
  default Optional<ChosenQueries> chosenQueries() {
    return Optional.empty();
  }

  /**
   * Attention of the queries of chosen rows to all keys of their examples.
   *
   * <p>R chosen rows. Of qkv, only the columns of keys and values are read or written.
   */
  interface ChosenQueries {

    /**
     * Returns the output [R, H W], then what the backward needs besides.
     *
     * @param q [R, H W], rotated by the positions of the rows
     * @param qkv [N, (H + 2 K) W], keys rotated
     * @param seed of the dropout, if there is any
     */
    NDList attend(NDManager scope, NDArray q, NDArray qkv, Rows rows, int seed);

    /**
     * Returns the gradients before the rotation: by queries [R, H W], and by keys and values in an
     * array as qkv.
     *
     * @param gradient by the output
     * @param given the arguments and results of {@link #attend}, with the same seed
     * @param rotary cosines and sines, each [L, 1, W / 2]
     */
    NDList attendBackward(NDManager scope, NDArray gradient, Given given, NDList rotary, int seed);

    /** The arguments and results of a forward. */
    record Given(NDArray q, NDArray qkv, Rows rows, NDList forward) {}
  }

  @Override
  void close();
}
