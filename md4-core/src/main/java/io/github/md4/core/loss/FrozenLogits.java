// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * A network's logits at R rows where nothing is trained, on the device, in whatever form the
 * network has them. A loss takes them once: they may be overwritten.
 *
 * <p>Networks implement it and losses call it. What a method returns belongs to {@code scope}.
 */
public interface FrozenLogits {

  /**
   * {@return the logits themselves, float32 [R, V]}
   *
   * @param scope the owner of what the computation makes
   */
  NDArray exact(NDManager scope);

  /**
   * {@return {@code -log mu_r[targets[r]]}, nats, float32 [R]}
   *
   * @param scope the owner of what the computation makes
   * @param targets clean tokens in [0, V), one for each row
   */
  NDArray crossEntropy(NDManager scope, int[] targets);

  /**
   * {@return the losses of {@link RowLoss.PerToken}, nats, float32 [R]}
   *
   * @param scope the owner of what the computation makes
   * @param targets clean tokens in [0, V), one for each row
   * @param powers the power of each token's schedule, [V]
   */
  NDArray genMd4(NDManager scope, int[] targets, float[] powers);
}
