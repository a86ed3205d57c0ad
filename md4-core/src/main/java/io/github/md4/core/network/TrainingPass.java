// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.loss.Logits;
import java.util.function.IntConsumer;

/**
 * A network's forward pass of a batch, with its backward pass. Closing it frees what the backward
 * pass needs.
 */
public interface TrainingPass extends AutoCloseable {

  /**
   * {@return the logits at the input's rows; a loss is computed from them before {@link #backward}}
   */
  Logits logits();

  /**
   * Computes the backward pass once, from the gradient of the loss, and writes the gradients by all
   * parameters to {@link TrainableNetwork#gradients}.
   */
  void backward();

  /**
   * As {@link #backward()}; tells which segments of the gradients are complete while the rest is
   * still being computed. Those that it does not name are complete at the end.
   *
   * @param complete takes the index of a segment in {@link TrainableNetwork#segments}, when its
   *     gradients are complete
   */
  default void backward(IntConsumer complete) {
    backward();
  }

  @Override
  void close();
}
