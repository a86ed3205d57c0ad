// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;

/**
 * A network that unmasks block by block, and keeps the keys and values of the clean blocks that it
 * has been shown of one sequence (BD3-LM, Arriola et al., 2025). For one thread; closing it frees
 * what it keeps.
 */
public interface BlockDecoder extends AutoCloseable {

  /** {@return b, the positions of a block, at least 1} */
  int blockSize();

  /**
   * {@return the logits in the block after those remembered, float32 [R, V], attached to the
   * manager of {@code block}}
   *
   * @param block partly masked tokens, in [0, V], int64 [1, b]
   * @param rows positions in the block, in [0, b), int64 [R], R at least 1
   */
  NDArray logits(NDArray block, NDArray rows);

  /**
   * Remembers a clean block after those remembered.
   *
   * @param block the tokens of the block, in [0, V], int64 [1, b]
   */
  void remember(NDArray block);

  @Override
  void close();
}
