// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.KernelCalls;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The kernels of the transformer over patches (DiT), written in {@code dit.torchscript}.
 *
 * <p>Shapes: B examples, T tokens, p x p pixels a patch, D width, F hidden width of the
 * feed-forward, C channels of the map or image, V vocabulary, R chosen rows. Weights are float32,
 * [out, in]. Every result belongs to {@code scope}.
 */
public final class DitKernels implements AutoCloseable {
  private static final double EPSILON = 1e-6;
  private static final String SOURCE =
      TorchScript.resource(TorchScript.class, "norm.torchscript")
          + TorchScript.resource(DitKernels.class, "dit.torchscript");

  /**
   * The sizes and types of a network.
   *
   * @param image the network around it
   * @param patch p
   */
  public record Options(UNetKernels.Options image, int heads, int patch) {}

  private final KernelCalls calls;

  private DitKernels(KernelCalls calls) {
    this.calls = calls;
  }

  /** Returns kernels whose results cannot be differentiated, without dropout. */
  public static DitKernels forInference(NDManager parent, Options options) {
    return new DitKernels(KernelCalls.run(load(parent, options, 0)));
  }

  /**
   * Returns kernels whose results can be differentiated automatically.
   *
   * @param dropout rate, drawn by the engine: of attention probabilities, of whole channels of the
   *     attention's output, of the feed-forward's activations and output
   */
  public static DitKernels forTraining(NDManager parent, Options options, double dropout) {
    return new DitKernels(KernelCalls.record(load(parent, options, dropout)));
  }

  private static TorchScript load(NDManager parent, Options options, double dropout) {
    Map<String, Object> constants = new LinkedHashMap<>();
    constants.put("dtype", options.image.precision().scalarType);
    constants.put("channelsLast", options.image.memoryFormat() == MemoryFormat.CHANNELS_LAST);
    constants.put("height", options.image.height());
    constants.put("width", options.image.width());
    constants.put("colours", options.image.colours());
    constants.put("heads", options.heads);
    constants.put("patch", options.patch);
    constants.put("epsilon", EPSILON);
    constants.put("dropout", dropout);
    return TorchScript.load(parent, constants, SOURCE);
  }

  /**
   * Returns the patches of a feature map as tokens [B, T, D].
   *
   * @param weights product [D, p, p, C], bias, positions [T, D]
   */
  public Hidden embedMap(NDManager scope, Hidden x, NDList weights) {
    return calls.hidden(scope, "embedMap", x.array, weights);
  }

  /**
   * Returns the patches of the embedded tokens zt, int64 [B, N], as tokens [B, T, D]; table [V + 1,
   * C / colours], weights as in {@link #embedMap}.
   */
  public Hidden embedTokens(NDManager scope, NDArray zt, NDArray table, NDList weights) {
    return calls.hidden(scope, "embedTokens", zt, table, weights);
  }

  /** Returns {@code swish(c)}, the factor of all modulations' products. */
  public NDArray activated(NDManager scope, NDArray c) {
    return calls.array(scope, "activated", c);
  }

  /**
   * Returns the residual stream after a modulated block.
   *
   * @param c the activated condition, float32 [B, W]
   * @param weights modulation [6 D, W], bias; queries, keys and values [3 D, D], bias; out [D, D];
   *     up [F, D], bias; down [D, F], bias
   */
  public Hidden adaptiveBlock(NDManager scope, Hidden h, NDArray c, NDList weights) {
    return calls.hidden(scope, "adaptiveBlock", h.array, c, weights);
  }

  /**
   * Returns the residual stream after a block with RMSNorm.
   *
   * @param weights scale [D]; queries, keys and values, bias; out; scale; up, bias; down, bias
   */
  public Hidden plainBlock(NDManager scope, Hidden h, NDList weights) {
    return calls.hidden(scope, "plainBlock", h.array, weights);
  }

  /**
   * Returns patches [B, T, p p C] of the stream.
   *
   * @param weights modulation [2 D, W], bias; product [p p C, D], bias
   */
  public Hidden adaptiveOutput(NDManager scope, Hidden h, NDArray c, NDList weights) {
    return calls.hidden(scope, "adaptiveOutput", h.array, c, weights);
  }

  /**
   * Returns patches like {@link #adaptiveOutput}, with RMSNorm's scale [D] in place of the
   * modulation.
   */
  public Hidden plainOutput(NDManager scope, Hidden h, NDList weights) {
    return calls.hidden(scope, "plainOutput", h.array, weights);
  }

  /** Returns patches [B, T, p p C] assembled into a feature map of the size of {@code like}. */
  public Hidden toMap(NDManager scope, Hidden patches, Hidden like) {
    return calls.hidden(scope, "toMap", patches.array, like.array);
  }

  /**
   * Returns the logits of the chosen rows, [R, V], from patches [B, T, p p colours V], in their
   * type.
   *
   * @param rows flat positions (example, y, x, colour), int64 [R]
   */
  public Hidden toRows(NDManager scope, Hidden patches, NDArray rows) {
    return calls.hidden(scope, "toRows", patches.array, rows);
  }

  /** Returns logits in float32; those that are given are closed. */
  public NDArray exact(NDManager scope, Hidden logits) {
    try (logits) {
      return calls.array(scope, "exact", logits.array);
    }
  }

  @Override
  public void close() {
    calls.close();
  }
}
