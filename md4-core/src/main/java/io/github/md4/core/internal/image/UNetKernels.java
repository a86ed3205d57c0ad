// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.Hidden;
import java.util.List;
import java.util.Optional;

/**
 * The kernels of the convolutional networks.
 *
 * <p>Shapes: B examples, feature maps [B, C, H, W], D width of the condition, V vocabulary, R
 * chosen rows. Weights are float32, products [out, in], filters [out, k, k, in]. Lists of weights
 * are in the order that each method names. A list x is one map, or what {@link #joined} returned.
 * Every result belongs to {@code scope}.
 */
public interface UNetKernels extends AutoCloseable {
  /**
   * The groups of every group normalisation (spec, Section 5.5); they divide the channels of a map.
   */
  int GROUPS = 32;

  /** The number added to a variance. */
  double EPSILON = 1e-6;

  /**
   * The sizes and types of a network.
   *
   * @param precision the type of products and of their inputs
   * @param stream the type of the residual stream
   * @param height of the image in pixels; likewise {@code width}
   * @param colours the number of tokens of a pixel
   */
  public record Options(
      Precision precision,
      Precision stream,
      MemoryFormat memoryFormat,
      int height,
      int width,
      int colours) {}

  /**
   * Returns kernels whose results cannot be differentiated, without dropout: our own where they
   * run.
   *
   * @param widestMap the most channels of a map
   */
  static UNetKernels forInference(NDManager parent, Options options, int widestMap) {
    UNetKernels script = ScriptUNetKernels.forInference(parent, options);
    return Optional.of(widestMap)
        .filter(channels -> channels <= FusedUNetKernels.WIDEST)
        .flatMap(fits -> CudaNormActivationKernels.factory(parent, options))
        .map(kernels -> ofOurOwn(parent, options, script, kernels))
        .orElse(script);
  }

  private static UNetKernels ofOurOwn(
      NDManager parent,
      Options options,
      UNetKernels script,
      NormActivationKernels.Factory kernels) {
    return HopperConvolutions.find(parent, options)
        .<UNetKernels>map(
            convolutions -> new HopperUNetKernels(parent, options, script, kernels, convolutions))
        .orElseGet(() -> new InferenceUNetKernels(parent, options, script, kernels));
  }

  /**
   * Returns kernels whose results can be differentiated automatically.
   *
   * @param dropout rate of single activations, drawn by the engine
   */
  static UNetKernels forTraining(NDManager parent, Options options, double dropout) {
    return ScriptUNetKernels.forTraining(parent, options, dropout);
  }

  /** Returns a convolution of the embedded tokens zt, int64 [B, N]; table [V + 1, D]. */
  Hidden embed(NDManager scope, NDArray zt, NDArray table, NDList filtersAndBias);

  /** Returns {@code swish(norm(x))}; the list is scale and shift [C]. */
  Hidden affineActivated(NDManager scope, List<Hidden> x, NDList norm);

  /**
   * Returns {@code swish(norm(x))}, with scale and shift from the condition.
   *
   * @param norm the product [2 C, D] and bias that give scale minus 1, then shift, from c [B, D]
   */
  Hidden adaptiveActivated(NDManager scope, List<Hidden> x, NDArray c, NDList norm);

  /**
   * Returns {@code x + conv(swish(norm(conv(a))))}, a being x normalised and activated.
   *
   * @param weights filters, bias, scale, shift, filters, bias; and weight [out, in] and bias of a
   *     projection where x and the result differ in channels
   */
  Hidden plainResidual(NDManager scope, List<Hidden> x, Hidden a, NDList weights);

  /**
   * Returns {@link #plainResidual} with a product of the condition added after the first
   * convolution.
   *
   * @param known products that need not be made again
   * @param weights the product [C, D], then the weights of {@link #plainResidual}
   */
  Hidden addedResidual(
      NDManager scope, List<Hidden> x, Hidden a, NDArray c, KnownProducts known, NDList weights);

  /**
   * Returns how the products of {@link #addedResidual} are made for all ResBlocks at once; none
   * where each makes its own. Closed by the caller.
   *
   * @param weights of the products, float32 [C, D]
   * @param biases of the first convolutions, float32 [C]
   */
  default ConditionProducts products(
      NDManager parent, List<NDArray> weights, List<NDArray> biases) {
    return ConditionProducts.NONE;
  }

  /**
   * Returns {@link #plainResidual} with the norm of {@link #adaptiveActivated}.
   *
   * @param weights those of {@link #plainResidual}, with the norm's product and bias in place of
   *     scale and shift
   */
  Hidden adaptiveResidual(NDManager scope, List<Hidden> x, Hidden a, NDArray c, NDList weights);

  /**
   * Returns a ResBlock that keeps the resolution, {@link #plainResidual} of x normalised and
   * activated.
   *
   * @param packs of the weights, if they never change
   * @param norm scale and shift [C] of the first norm
   */
  default Hidden plainBlock(
      NDManager scope, Optional<FilterPacks> packs, List<Hidden> x, NDList norm, NDList weights) {
    return plainResidual(scope, x, affineActivated(scope, x, norm), weights);
  }

  /** Returns {@link #plainBlock} with the product of the condition of {@link #addedResidual}. */
  default Hidden addedBlock(
      NDManager scope,
      Optional<FilterPacks> packs,
      List<Hidden> x,
      NDArray c,
      KnownProducts known,
      NDList norm,
      NDList weights) {
    return addedResidual(scope, x, affineActivated(scope, x, norm), c, known, weights);
  }

  /** Returns {@link #plainBlock} with norms from the condition, as {@link #adaptiveResidual}. */
  default Hidden adaptiveBlock(
      NDManager scope,
      Optional<FilterPacks> packs,
      List<Hidden> x,
      NDArray c,
      NDList norm,
      NDList weights) {
    return adaptiveResidual(scope, x, adaptiveActivated(scope, x, c, norm), c, weights);
  }

  /** Returns {@link #head} of x normalised and activated. */
  default Hidden normedHead(
      NDManager scope,
      Optional<FilterPacks> packs,
      Hidden x,
      NDList norm,
      NDArray rows,
      NDList filtersAndBias) {
    return head(scope, affineActivated(scope, List.of(x), norm), rows, filtersAndBias);
  }

  /**
   * Returns the weights of convolutions as our own kernels read them; empty where none do. Closed
   * by the caller, before the weights.
   */
  default Optional<FilterPacks> packs(NDManager parent) {
    return Optional.empty();
  }

  /**
   * Returns the channels of x followed by those of {@code skip}, as the x of a norm and of a
   * ResBlock: one map that has them all, or the two.
   */
  List<Hidden> joined(NDManager scope, Hidden x, Hidden skip);

  /** Returns the means of 2 x 2 pixels. */
  Hidden halved(NDManager scope, Hidden x);

  /** Returns each pixel repeated as 2 x 2 pixels. */
  Hidden doubled(NDManager scope, Hidden x);

  /**
   * Returns {@code x + attention(norm(x))}, with one head as wide as the map.
   *
   * @param weights scale, shift; queries, keys and values [3 C, C], bias; out [C, C], bias
   */
  Hidden attended(NDManager scope, Hidden x, NDList weights);

  /**
   * As {@link #attended(NDManager, Hidden, NDList)}, in inference.
   *
   * @param packs of the weights, if they never change
   */
  default Hidden attended(NDManager scope, Optional<FilterPacks> packs, Hidden x, NDList weights) {
    return attended(scope, x, weights);
  }

  /**
   * Returns the logits of the chosen rows, [R, V], in inference in the type of the products.
   *
   * @param rows flat positions (example, y, x, colour), int64 [R]
   * @param filtersAndBias [colours V, 3, 3, C], vocabulary innermost
   */
  Hidden head(NDManager scope, Hidden a, NDArray rows, NDList filtersAndBias);

  /** Returns the logits of {@link #head} in float32; those that are given are closed. */
  NDArray exact(NDManager scope, Hidden logits);

  /** A part of a network that is computed by other kernels. */
  @FunctionalInterface
  interface Part {
    /**
     * Computes the part.
     *
     * @param scope takes the result
     * @param condition of the network, [B, D], or empty
     */
    Hidden of(NDManager scope, Hidden x, NDList condition);
  }

  /**
   * Returns the output of a part for a map.
   *
   * @param weights all parameters that the part reads
   */
  Hidden part(NDManager scope, Hidden x, NDList condition, NDList weights, Part part);

  /** Returns a line that names the code that computes them. */
  default String description() {
    return "TorchScript";
  }

  @Override
  void close();
}
