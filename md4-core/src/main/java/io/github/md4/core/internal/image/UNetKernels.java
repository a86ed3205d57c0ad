// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.Hidden;

/**
 * The convolutional networks' pieces, one method a kernel.
 *
 * <p>Shapes: B examples, feature maps [B, C, H, W], D width of the condition, V vocabulary, R
 * chosen rows. Weights are float32, products [out, in], filters [out, k, k, in]. Lists are in the
 * order that each method names. Every result belongs to {@code scope}.
 */
public interface UNetKernels extends AutoCloseable {
  /** Of every group normalisation (spec, Section 5.5): the channels of a map are its multiple. */
  int GROUPS = 32;

  /** What is added to a variance. */
  double EPSILON = 1e-6;

  /**
   * What the kernels must know of a network.
   *
   * @param precision the type of products and of what goes into them
   * @param stream the type in which blocks add up what they return
   * @param height of the image in pixels; so is {@code width}
   * @param colours tokens of a pixel
   */
  record Options(
      Precision precision,
      Precision stream,
      MemoryFormat layout,
      int height,
      int width,
      int colours) {}

  /** Returns kernels whose results cannot be differentiated, without dropout. */
  static UNetKernels forInference(NDManager parent, Options options) {
    return ScriptUNetKernels.forInference(parent, options);
  }

  /**
   * Returns kernels that the automatic differentiation follows.
   *
   * @param dropout rate of single activations, drawn by the engine
   */
  static UNetKernels forTraining(NDManager parent, Options options, double dropout) {
    return ScriptUNetKernels.forTraining(parent, options, dropout);
  }

  /** Returns a convolution of the embedded tokens zt, int64 [B, N]; table [V + 1, D]. */
  Hidden embed(NDManager scope, NDArray zt, NDArray table, NDList filtersAndBias);

  /** Returns {@code swish(norm(x))}; the list is scale and shift [C]. */
  Hidden affineActivated(NDManager scope, Hidden x, NDList norm);

  /**
   * Returns {@code swish(norm(x))}, scaled by {@code 1 + scale} and shifted as the condition says.
   *
   * @param norm what gives scale, then shift, of c [B, D]: product [2 C, D] and bias
   */
  Hidden adaptiveActivated(NDManager scope, Hidden x, NDArray c, NDList norm);

  /**
   * Returns {@code x + conv(swish(norm(conv(a))))}, a being x normalised and activated.
   *
   * @param weights filters, bias, scale, shift, filters, bias; where x has other channels than the
   *     result, what it is projected with: [out, in] and bias
   */
  Hidden plainResidual(NDManager scope, Hidden x, Hidden a, NDList weights);

  /**
   * As {@link #plainResidual}, with a product of the condition added behind the first convolution.
   *
   * @param weights the product [C, D], then as there
   */
  Hidden addedResidual(NDManager scope, Hidden x, Hidden a, NDArray c, NDList weights);

  /**
   * As {@link #plainResidual}, with the norm of {@link #adaptiveActivated}.
   *
   * @param weights as there, the norm's product and bias in place of scale and shift
   */
  Hidden adaptiveResidual(NDManager scope, Hidden x, Hidden a, NDArray c, NDList weights);

  /** Returns the channels of x, then those of {@code skip}. */
  Hidden joined(NDManager scope, Hidden x, Hidden skip);

  /** Returns the means of 2 x 2 pixels. */
  Hidden halved(NDManager scope, Hidden x);

  /** Returns each pixel four times. */
  Hidden doubled(NDManager scope, Hidden x);

  /**
   * Returns x and what one head as wide as the map attends to.
   *
   * @param weights scale, shift; queries, keys and values [3 C, C], bias; out [C, C], bias
   */
  Hidden attended(NDManager scope, Hidden x, NDList weights);

  /**
   * Returns the logits, float32 [R, V], of the chosen rows.
   *
   * @param rows flat positions (example, y, x, colour), int64 [R]
   * @param filtersAndBias [colours V, 3, 3, C], vocabulary innermost
   */
  NDArray head(NDManager scope, Hidden a, NDArray rows, NDList filtersAndBias);

  /** A part of a network that other kernels compute. */
  @FunctionalInterface
  interface Part {
    /**
     * Computes the part.
     *
     * @param scope takes the result
     * @param condition of the network, [B, D], or nothing
     */
    Hidden of(NDManager scope, Hidden x, NDList condition);
  }

  /**
   * Returns what a part makes of a map.
   *
   * @param weights all parameters that the part reads
   */
  Hidden part(NDManager scope, Hidden x, NDList condition, NDList weights, Part part);

  @Override
  void close();
}
