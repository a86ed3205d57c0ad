// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;

/**
 * The kernels between the convolutions of a hand-written forward and backward.
 *
 * <p>B examples, maps [B, C, H, W], their channels last in memory. Results belong to {@code scope}.
 * The input of a norm is a list of one map, or of two side by side: the channels of the first are
 * followed by those of the second.
 */
interface NormActivationKernels extends AutoCloseable {

  /** A factory of a device's kernels. */
  interface Factory {
    NormActivationKernels of(NDManager manager);
  }

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
  Activated normActivate(NDManager scope, Kind kind, List<NDArray> x, Norm norm, Dropout drop);

  /**
   * A call of {@link #normActivate} with its result.
   *
   * @param x the input
   */
  record Forward(Kind kind, List<NDArray> x, Norm norm, Dropout drop, Activated activated) {}

  /** Returns the output of a call again, to the bit. */
  NDArray activateAgain(NDManager scope, Forward forward);

  /**
   * The arrays [C] that take the gradients by a norm's parameters, those of all examples together.
   */
  record ParameterGradients(
      Optional<NDArray> scale, Optional<NDArray> shift, Optional<NDArray> bias) {
    static final ParameterGradients NONE =
        new ParameterGradients(Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * The gradients by the inputs of {@link #normActivate}.
   *
   * @param x one for each map, in the map's type
   * @param norm float32 [3, B, C]: by scale, shift and bias of each example; valid until the next
   *     call of {@link #normActivateBackward}
   */
  record Gradients(List<NDArray> x, NDArray norm) {}

  /**
   * Returns the gradients by the inputs of {@link #normActivate}.
   *
   * @param da the gradient by the output; a result may take its memory, or that of {@code known}
   * @param known for each map up to two other parts of the gradient by it, which are added
   */
  Gradients normActivateBackward(
      NDManager scope,
      NDArray da,
      Forward forward,
      List<List<NDArray>> known,
      ParameterGradients into);

  /**
   * Writes the sums of a map of the stream over examples and pixels to {@code into}, float32 [C]:
   * the gradient by a bias that was added to all of them.
   */
  void sumOverPixels(NDArray x, NDArray into);

  /**
   * Returns {@code x + y + bias} of x's type: x of the stream, y convolved, float32 bias [C]. The
   * result may take y's memory.
   */
  NDArray addResidual(NDManager scope, NDArray x, NDArray y, NDArray bias);

  @Override
  void close();
}
