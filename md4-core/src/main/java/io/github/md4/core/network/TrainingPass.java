// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.loss.Logits;

/** A network's way forward through a batch, which can be gone back. */
public interface TrainingPass extends AutoCloseable {

  /** Returns the guesses at the asked rows; an objective judges them before {@link #backward}. */
  Logits logits();

  /**
   * Goes back once, from the gradient that the objective has left, and writes the gradients by all
   * parameters where {@link TrainableNetwork#gradients} says.
   */
  void backward();

  @Override
  void close();
}
