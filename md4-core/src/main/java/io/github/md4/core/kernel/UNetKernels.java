// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The convolutional networks' pieces, one method a kernel; the text of each is in {@code
 * unet.torchscript}.
 *
 * <p>Shapes: B examples, feature maps [B, C, H, W], D width of the condition, V vocabulary, R
 * chosen rows. Weights are float32, products [out, in], filters [out, k, k, in]. Lists are in the
 * order that each method names. Every result belongs to {@code scope}.
 */
public final class UNetKernels implements AutoCloseable {
  /** Of every group normalisation (spec, Section 5.5): the channels of a map are its multiple. */
  public static final int GROUPS = 32;

  private static final double EPSILON = 1e-6;
  private static final String SOURCE = TorchScript.resource("unet.torchscript");

  /**
   * What the kernels must know of a network.
   *
   * @param precision the type of products and of what goes into them
   * @param stream the type in which blocks add up what they return
   * @param height of the image in pixels; so is {@code width}
   * @param colours tokens of a pixel
   */
  public record Options(
      Precision precision,
      Precision stream,
      MapLayout layout,
      int height,
      int width,
      int colours) {}

  private final KernelCalls calls;

  private UNetKernels(KernelCalls calls) {
    this.calls = calls;
  }

  /** Returns kernels whose results cannot be differentiated, without dropout. */
  public static UNetKernels forInference(NDManager parent, Options options) {
    return new UNetKernels(KernelCalls.run(load(parent, options, 0)));
  }

  /**
   * Returns kernels that the automatic differentiation follows.
   *
   * @param dropout rate of single activations, drawn by the engine
   */
  public static UNetKernels forTraining(NDManager parent, Options options, double dropout) {
    JniUtils.setBenchmarkCuDNN(true); // every step has the same shapes: the search pays once
    return new UNetKernels(KernelCalls.record(load(parent, options, dropout)));
  }

  private static TorchScript load(NDManager parent, Options options, double dropout) {
    Map<String, Object> constants = new LinkedHashMap<>();
    constants.put("dtype", options.precision.scalarType);
    constants.put("stream", options.stream.scalarType);
    constants.put("channelsLast", options.layout == MapLayout.CHANNELS_LAST);
    constants.put("height", options.height);
    constants.put("width", options.width);
    constants.put("colours", options.colours);
    constants.put("groups", GROUPS);
    constants.put("epsilon", EPSILON);
    constants.put("dropout", dropout);
    return TorchScript.load(parent, constants, SOURCE);
  }

  /** Returns a convolution of the embedded tokens zt, int64 [B, N]; table [V + 1, D]. */
  public Hidden embed(NDManager scope, NDArray zt, NDArray table, NDList filtersAndBias) {
    return calls.hidden(scope, "embed", zt, table, filtersAndBias.get(0), filtersAndBias.get(1));
  }

  /** Returns {@code swish(norm(x))}; the list is scale and shift [C]. */
  public Hidden affineActivated(NDManager scope, Hidden x, NDList norm) {
    return calls.hidden(scope, "affineActivated", x.array, norm.get(0), norm.get(1));
  }

  /**
   * Returns {@code swish(norm(x))}, scaled by {@code 1 + scale} and shifted as the condition says.
   *
   * @param norm what gives scale, then shift, of c [B, D]: product [2 C, D] and bias
   */
  public Hidden adaptiveActivated(NDManager scope, Hidden x, NDArray c, NDList norm) {
    return calls.hidden(scope, "adaptiveActivated", x.array, c, norm.get(0), norm.get(1));
  }

  /**
   * Returns {@code x + conv(swish(norm(conv(a))))}, a being x normalised and activated.
   *
   * @param weights filters, bias, scale, shift, filters, bias; where x has other channels than the
   *     result, what it is projected with: [out, in] and bias
   */
  public Hidden plainResidual(NDManager scope, Hidden x, Hidden a, NDList weights) {
    return calls.hidden(scope, "plainResidual", x.array, a.array, weights);
  }

  /**
   * As {@link #plainResidual}, with a product of the condition added behind the first convolution.
   *
   * @param weights the product [C, D], then as there
   */
  public Hidden addedResidual(NDManager scope, Hidden x, Hidden a, NDArray c, NDList weights) {
    return calls.hidden(scope, "addedResidual", x.array, a.array, c, weights);
  }

  /**
   * As {@link #plainResidual}, with the norm of {@link #adaptiveActivated}.
   *
   * @param weights as there, the norm's product and bias in place of scale and shift
   */
  public Hidden adaptiveResidual(NDManager scope, Hidden x, Hidden a, NDArray c, NDList weights) {
    return calls.hidden(scope, "adaptiveResidual", x.array, a.array, c, weights);
  }

  /** Returns the channels of x, then those of {@code skip}. */
  public Hidden joined(NDManager scope, Hidden x, Hidden skip) {
    return calls.hidden(scope, "joined", x.array, skip.array);
  }

  /** Returns the means of 2 x 2 pixels. */
  public Hidden halved(NDManager scope, Hidden x) {
    return calls.hidden(scope, "halved", x.array);
  }

  /** Returns each pixel four times. */
  public Hidden doubled(NDManager scope, Hidden x) {
    return calls.hidden(scope, "doubled", x.array);
  }

  /**
   * Returns x and what one head as wide as the map attends to.
   *
   * @param weights scale, shift; queries, keys and values [3 C, C], bias; out [C, C], bias
   */
  public Hidden attended(NDManager scope, Hidden x, NDList weights) {
    return calls.hidden(scope, "attended", x.array, weights);
  }

  /**
   * Returns the logits, float32 [R, V], of the chosen rows.
   *
   * @param rows flat positions (example, y, x, colour), int64 [R]
   * @param filtersAndBias [colours V, 3, 3, C], vocabulary innermost
   */
  public NDArray head(NDManager scope, Hidden a, NDArray rows, NDList filtersAndBias) {
    return calls.array(scope, "head", a.array, rows, filtersAndBias.get(0), filtersAndBias.get(1));
  }

  @Override
  public void close() {
    calls.close();
  }
}
