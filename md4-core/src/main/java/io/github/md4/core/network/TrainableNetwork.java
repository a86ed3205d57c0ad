// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import java.util.Optional;

/**
 * A network with the parameters to be trained, and the memory that training needs. This library
 * implements it; a user's network is a {@link ForwardNetwork}, which is trained through it. All but
 * {@link #prepare} is for one thread.
 */
public interface TrainableNetwork extends AutoCloseable {

  /** A batch that the host has prepared. */
  @FunctionalInterface
  interface Prepared {
    /**
     * Computes its forward pass, with dropout.
     *
     * @param scope the owner of the arrays that the backward pass needs
     * @return the pass, closed by the caller
     */
    TrainingPass forward(NDManager scope);
  }

  /**
   * Prepares a batch, on any thread.
   *
   * @param input tokens, times, classes and asked rows, on the host
   * @param noise the noise of dropout
   * @return the batch, to be used once
   */
  Prepared prepare(NetworkInput input, DropoutNoise noise);

  /**
   * Computes the forward pass of a batch at once.
   *
   * @param scope the owner of the arrays that the backward pass needs
   * @param input tokens, times, classes and asked rows, on the host
   * @param noise the noise of dropout
   * @return the pass, closed by the caller
   */
  default TrainingPass forward(NDManager scope, NetworkInput input, DropoutNoise noise) {
    return prepare(input, noise).forward(scope);
  }

  /**
   * {@return the gradients of the last backward pass, in the parameters' order}
   *
   * @hidden its types are internal
   */
  FlatArrays gradients();

  /**
   * {@return where segments of the gradients begin, which the backward pass completes one after
   * another: the number of the first parameter of each, ascending from 0}
   */
  default int[] segments() {
    return new int[] {0};
  }

  /**
   * {@return the optimizer of these parameters}
   *
   * @hidden its types are internal
   */
  OptimizerKernels optimizer();

  /**
   * {@return the vector that the forward pass reads, as long as the parameters: a copy of them in
   * the products' type, or they themselves}
   *
   * @hidden its types are internal
   */
  FlatArrays working();

  /**
   * {@return the parameters in float32, some of which the forward pass may also read}
   *
   * @hidden its types are internal
   */
  FlatArrays exact();

  /**
   * {@return how many of the {@link #segments}, from the first on, the forward pass also reads in
   * float32}
   */
  default int exactSegments() {
    return 0;
  }

  /**
   * {@return the movement of a piece of the parameters}
   *
   * @param workingPiece the same piece of {@link #working}, which the movement keeps up to date
   * @hidden its types are internal
   */
  default Optional<OptimizerKernels.Movement> movement(FlatArrays workingPiece) {
    return Optional.empty();
  }

  /** {@return a line that names the implementation} */
  String description();

  @Override
  void close();
}
