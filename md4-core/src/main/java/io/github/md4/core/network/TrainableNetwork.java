// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.kernel.FlatArrays;
import io.github.md4.core.kernel.OptimizerKernels;

/** A network with the parameters it is trained on, and the memory that training takes. */
public interface TrainableNetwork extends AutoCloseable {

  /**
   * Goes forward through a batch, with dropout.
   *
   * @param scope takes what is kept for the way back
   * @param noise what dropped channels are drawn from
   */
  TrainingPass forward(NDManager scope, NetworkInput input, DropoutNoise noise);

  /** Returns the gradients of the last way back, in the parameters' order. */
  FlatArrays gradients();

  /** Returns what moves these parameters. */
  OptimizerKernels optimizer();

  /** Returns a line that says which of a network's ways of computing this is. */
  String description();

  @Override
  void close();
}
