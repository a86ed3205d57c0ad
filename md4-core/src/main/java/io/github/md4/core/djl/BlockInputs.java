// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;

/** The inputs of a block in their order. */
@FunctionalInterface
public interface BlockInputs {
  /** The tokens alone. */
  BlockInputs TOKENS = (zt, t) -> new NDList(zt);

  /** The tokens, then the times. */
  BlockInputs TOKENS_AND_TIMES = (zt, t) -> new NDList(zt, t);

  /**
   * {@return the inputs of a batch}
   *
   * @param zt partly masked tokens, int64 [B, N], in [0, V]
   * @param t the time of each example, float32 [B]
   */
  NDList of(NDArray zt, NDArray t);
}
