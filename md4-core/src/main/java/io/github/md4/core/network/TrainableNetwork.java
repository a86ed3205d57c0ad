// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;

/**
 * A network with the parameters to be trained, and the memory that training needs. This library
 * implements it; a user's network is a {@link ForwardNetwork}, which is trained through it.
 */
public interface TrainableNetwork extends AutoCloseable {

  /** A batch that the host has prepared. */
  @FunctionalInterface
  interface Prepared {
    /**
     * Computes its forward pass, with dropout.
     *
     * @param scope takes the arrays that the backward pass needs
     */
    TrainingPass forward(NDManager scope);
  }

  /**
   * Prepares a batch, on any thread.
   *
   * @param noise the noise of dropout
   */
  Prepared prepare(NetworkInput input, DropoutNoise noise);

  /** Computes the forward pass of a batch at once. */
  default TrainingPass forward(NDManager scope, NetworkInput input, DropoutNoise noise) {
    return prepare(input, noise).forward(scope);
  }

  /** Returns the gradients of the last backward pass, in the parameters' order. */
  FlatArrays gradients();

  /** Returns the optimizer of these parameters. */
  OptimizerKernels optimizer();

  /** Returns a line that names the implementation. */
  String description();

  @Override
  void close();
}
