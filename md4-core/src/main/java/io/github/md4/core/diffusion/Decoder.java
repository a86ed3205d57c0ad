// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * A causal network that keeps the keys and values of what it has been shown of some sequences. For
 * one thread; closing it frees what it keeps.
 */
public interface Decoder extends AutoCloseable {

  /**
   * Shows the next tokens of some sequences, and returns the logits after the last of them.
   *
   * @param scope the owner of the result
   * @param slots the places of the sequences in this decoder's memory, from 0, each once, [B]
   * @param past how many tokens of each have been shown; 0 begins a sequence
   * @param tokens the next tokens of each, in [0, V], [B][C], C at least 1
   * @param condition the time and class of each, the same in all calls of a sequence
   * @return unnormalised log-probabilities of the token after the last, float32 [B, V], in {@code
   *     scope}
   */
  NDArray next(NDManager scope, int[] slots, int past, int[][] tokens, Condition condition);

  @Override
  void close();
}
