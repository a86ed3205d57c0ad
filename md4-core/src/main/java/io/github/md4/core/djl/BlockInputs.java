// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;

/**
 * The inputs of a block in their order, made of masked tokens and times. {@link MaskedDataset} and
 * {@link BlockDenoiser} must use the same.
 */
@FunctionalInterface
public interface BlockInputs {
  /** The tokens alone: one input, int64 [B, N]. */
  BlockInputs TOKENS = (zt, t) -> new NDList(zt);

  /** The tokens, then the times: int64 [B, N] and float32 [B]. */
  BlockInputs TOKENS_AND_TIMES = (zt, t) -> new NDList(zt, t);

  /**
   * {@return the inputs of a batch, attached to the manager of {@code zt}}
   *
   * @param zt partly masked tokens, int64 [B, N], in [0, V]
   * @param t the time of each example, float32 [B]
   */
  NDList of(NDArray zt, NDArray t);
}
