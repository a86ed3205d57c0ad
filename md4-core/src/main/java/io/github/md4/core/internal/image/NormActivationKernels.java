// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Optional;

/**
 * The kernels between the convolutions of a hand-written forward and backward.
 *
 * <p>B examples, maps [B, C, H, W], their channels last in memory. Results belong to {@code scope}.
 */
interface NormActivationKernels extends AutoCloseable {

  /** The kind of a map, which determines its type. */
  enum Kind {
    /** A map of the residual stream. */
    STREAM,
    /** The output of a convolution. */
    CONVOLVED
  }

  /**
   * A group normalisation.
   *
   * @param scale float32 [C], or [B, C] by example; likewise {@code shift}
   * @param bias float32 [C] or [B, C], added to the map before the norm
   */
  record Norm(NDArray scale, NDArray shift, Optional<NDArray> bias) {}

  /**
   * The dropout after the activation.
   *
   * @param seed of the draw
   */
  public record Dropout(double rate, long seed) {
    public static final Dropout NONE = new Dropout(0, 0);
  }

  /**
   * An activated map.
   *
   * @param output in the products' type
   * @param saved the arrays that the backward needs
   */
  record Activated(NDArray output, NDArray saved) {}

  /** Returns {@code dropout(swish(norm(x + bias)))}. */
  Activated normActivate(NDManager scope, Kind kind, NDArray x, Norm norm, Dropout drop);

  /**
   * A call of {@link #normActivate} with its result.
   *
   * @param x the input
   */
  record Forward(Kind kind, NDArray x, Norm norm, Dropout drop, Activated activated) {}

  /**
   * The gradients by the inputs of {@link #normActivate}.
   *
   * @param x in the type of x
   * @param norm float32 [3, B, C]: by scale, shift and bias of each example
   */
  record Gradients(NDArray x, NDArray norm) {}

  /**
   * Returns the gradients by the inputs of {@link #normActivate}.
   *
   * @param da the gradient by the output
   * @param known another part of the gradient by x, which is added
   */
  Gradients normActivateBackward(
      NDManager scope, NDArray da, Forward forward, Optional<NDArray> known);

  /** Returns {@code x + y + bias} of x's type: x of the stream, y convolved, float32 bias [C]. */
  NDArray addResidual(NDManager scope, NDArray x, NDArray y, NDArray bias);

  @Override
  void close();
}
