// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.loss.Logits;

/** A network's forward pass of a batch, with its backward pass. */
public interface TrainingPass extends AutoCloseable {

  /**
   * Returns the logits at the input's rows; a loss is computed from them before {@link #backward}.
   */
  Logits logits();

  /**
   * Computes the backward pass once, from the gradient of the loss, and writes the gradients by all
   * parameters to {@link TrainableNetwork#gradients}.
   */
  void backward();

  @Override
  void close();
}
