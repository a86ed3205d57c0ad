// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;

/**
 * A network that unmasks block by block, and keeps the keys and values of the clean blocks that it
 * has been shown of one sequence (BD3-LM).
 */
public interface BlockDecoder extends AutoCloseable {

  /** {@return the positions of a block} */
  int blockSize();

  /**
   * {@return the logits in the block after those remembered, float32 [R, V], attached to the
   * manager of {@code block}}
   *
   * @param block partly masked tokens, int64 [1, b]
   * @param rows positions in the block, int64 [R]
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
