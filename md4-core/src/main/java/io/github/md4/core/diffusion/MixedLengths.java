// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * A network that takes sequences of several lengths in one call: they stand one after another,
 * without padding, and each attends to itself alone.
 */
@FunctionalInterface
public interface MixedLengths {

  /**
   * Returns the unnormalised log-probabilities of the clean token at the chosen positions, as
   * {@link Denoiser#logits} gives them for each length alone.
   *
   * @param zts partly masked tokens of each length, int64 [B, N], in [0, V]; at least one
   * @param condition the times and classes of the examples of all, one length after another
   * @param rows flat positions in all of them, int64 [R], R at least 1
   * @return float32 [R, V], attached to the manager of {@code rows}
   */
  NDArray logits(List<NDArray> zts, Condition condition, NDArray rows);
}
