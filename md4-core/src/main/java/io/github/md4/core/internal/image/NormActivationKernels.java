// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Optional;

/**
 * What a convolutional network's hand-written forward and backward do between convolutions.
 *
 * <p>B examples, maps [B, C, H, W] whose channels come last in memory. Results belong to {@code
 * scope}.
 */
interface NormActivationKernels extends AutoCloseable {

  /** Which maps an array is one of, which says its type. */
  enum Kind {
    /** Of the residual stream. */
    STREAM,
    /** Given by a convolution. */
    CONVOLVED
  }

  /**
   * A group normalisation.
   *
   * @param scale float32 [C], or [B, C] for each example its own; so is {@code shift}
   * @param told float32 [C] or [B, C], what is added to the map in front of it
   */
  record Norm(NDArray scale, NDArray shift, Optional<NDArray> told) {}

  /**
   * What is set to zero behind the activation.
   *
   * @param seed of the draw
   */
  record Drop(double rate, long seed) {
    static final Drop NOTHING = new Drop(0, 0);
  }

  /**
   * @param output in the products' type
   * @param rest what the way back needs besides
   */
  record Activated(NDArray output, NDArray rest) {}

  /** Returns {@code dropout(swish(norm(x + told)))}. */
  Activated activate(NDManager scope, Kind kind, NDArray x, Norm norm, Drop drop);

  /**
   * A map that was activated.
   *
   * @param x as it was given
   */
  public record Forward(Kind kind, NDArray x, Norm norm, Drop drop, Activated made) {}

  /**
   * The gradients by what was given.
   *
   * @param x of its type
   * @param norm float32 [3, B, C]: by scale, shift and told, example by example
   */
  record Gradients(NDArray x, NDArray norm) {}

  /**
   * The backward of {@link #activate}.
   *
   * @param da by the output
   * @param known by x from elsewhere, which is added
   */
  Gradients activateBack(NDManager scope, NDArray da, Forward forward, Optional<NDArray> known);

  /** Returns {@code x + y + bias} of x's type: x of the stream, y convolved, float32 bias [C]. */
  NDArray onto(NDManager scope, NDArray x, NDArray y, NDArray bias);

  @Override
  void close();
}
