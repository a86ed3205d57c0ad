// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * The losses that are wanted of rows.
 *
 * @param loss the loss of a row
 * @param rows what it is told of the rows, R of them
 */
public record AskedLoss(RowLoss loss, AskedRows rows) {

  /**
   * {@return the losses, nats, float32 [R], attached to the manager of {@code logits}}
   *
   * @param logits the network's unnormalised log-probabilities at the rows, float32 [R, V]
   */
  public NDArray of(NDArray logits) {
    return loss.of(logits, rows);
  }

  /**
   * {@return the losses, nats, float32 [R], attached to {@code scope}}
   *
   * @param scope the owner of what the computation makes
   * @param logits the network's logits at the rows, which are taken once
   */
  public NDArray of(NDManager scope, FrozenLogits logits) {
    return loss.of(scope, logits, rows);
  }
}
