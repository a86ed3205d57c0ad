// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;

/** A network with the parameters it is trained on, and the memory that training takes. */
public interface TrainableNetwork extends AutoCloseable {

  /** A batch, made ready as far as the host can before its turn. */
  @FunctionalInterface
  interface Prepared {
    /**
     * Goes forward through it, with dropout.
     *
     * @param scope takes what is kept for the way back
     */
    TrainingPass forward(NDManager scope);
  }

  /**
   * Makes a batch ready, on any thread.
   *
   * @param noise what dropped channels are drawn from
   */
  Prepared prepare(NetworkInput input, DropoutNoise noise);

  /** Goes forward through a batch at once. */
  default TrainingPass forward(NDManager scope, NetworkInput input, DropoutNoise noise) {
    return prepare(input, noise).forward(scope);
  }

  /** Returns the gradients of the last way back, in the parameters' order. */
  FlatArrays gradients();

  /** Returns what moves these parameters. */
  OptimizerKernels optimizer();

  /** Returns a line that says which of a network's ways of computing this is. */
  String description();

  @Override
  void close();
}
