// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.Hidden;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The kernels of the Llama kind of network, written in {@code llama.torchscript}.
 *
 * <p>Shapes: B examples, L positions, D width, W head width, V rows of the table, R chosen rows.
 * Weights are [out, in], float32 or the type of the products.
 */
public class LlamaKernels implements AutoCloseable {
  static final String RESOURCE = "llama.torchscript";

  final PieceKernels pieces;

  /**
   * The sizes and types of a network.
   *
   * @param isBiased whether queries, keys and values have biases
   * @param hasHeadNorms whether each head of queries and keys is normalised
   * @param mask the token that stands for the mask here
   * @param maskColumn the row of the table that stands for the mask there
   */
  public record Options(
      Precision precision,
      int width,
      int heads,
      int keyValueHeads,
      int headWidth,
      int hiddenWidth,
      double epsilon,
      boolean isBiased,
      boolean hasHeadNorms,
      int mask,
      int maskColumn) {

    Map<String, Object> constants() {
      Map<String, Object> constants = new LinkedHashMap<>();
      constants.put("dtype", precision.scalarType);
      constants.put("keyValueHeads", keyValueHeads);
      constants.put("headWidth", headWidth);
      constants.put("headNorms", hasHeadNorms);
      constants.put("heads", heads);
      constants.put("epsilon", epsilon);
      constants.put("biased", isBiased);
      constants.put("maskColumn", maskColumn);
      constants.put("mask", mask);
      return constants;
    }
  }

  LlamaKernels(PieceKernels pieces) {
    this.pieces = pieces;
  }

  /** Returns kernels whose results cannot be differentiated. */
  public static LlamaKernels forInference(NDManager parent, Options options) {
    return new LlamaKernels(PieceKernels.forInference(parent, RESOURCE, options.constants()));
  }

  /**
   * Returns kernels for weights in the type of the products, whose results cannot be
   * differentiated: our own between the products where the GPU has them, else as {@link
   * #forInference}.
   */
  public static LlamaKernels forFrozenWeights(NDManager parent, Options options) {
    return HopperLlamaKernels.find(parent, options).orElseGet(() -> forInference(parent, options));
  }

  /** Returns kernels whose results can be differentiated automatically. */
  public static LlamaKernels forTraining(NDManager parent, Options options) {
    return new LlamaKernels(PieceKernels.forTraining(parent, RESOURCE, options.constants()));
  }

  /** Returns tokens, int64 [B, L], as rows of {@code table} [V, D]; the mask as its own row. */
  public Hidden embed(NDManager scope, NDArray ids, NDArray table) {
    return hidden(scope, "embed", ids, table);
  }

  /**
   * Returns {@code h + out attention(RMSNorm(h))}, [B, L, D]; h is not to be read afterwards.
   *
   * @param weights norm, q, k, v, out, then the biases of q, k and v and the norms of the heads of
   *     queries and keys, as far as the network has them
   * @param places cosines and sines of the angles, [L, 1, W] or [B, L, 1, W], then, if anything,
   *     what is added to the products of queries and keys, broadcast to [B, 1, L, L]
   */
  public Hidden attention(NDManager scope, Hidden h, NDList weights, NDList places) {
    return hidden(scope, "attention", h.array, weights, places);
  }

  /**
   * Returns {@code h + down(silu(gate y) * up y)}, y = RMSNorm(h), h [B, L, D] or its rows [R, D];
   * h is not to be read afterwards.
   *
   * @param weights norm, gate, up, down
   */
  public Hidden feedForward(NDManager scope, Hidden h, NDList weights) {
    return hidden(scope, "feedForward", h.array, weights);
  }

  /** Returns the chosen rows of h [B, L, D], [R, D]; rows are flat positions, int64 [R]. */
  public Hidden hiddenOfRows(NDManager scope, Hidden h, NDArray rows) {
    return hidden(scope, "hiddenOfRows", h.array, rows);
  }

  /** Returns the rows before {@code rows}, the first of an example in place of none. */
  public NDArray before(NDManager scope, NDArray rows, Hidden h) {
    return pieces.array(scope, "before", rows, h.array);
  }

  /** Returns the logits of rows h [R, D] under w [V, D], float32 [R, V]. */
  public NDArray head(NDManager scope, Hidden h, NDArray norm, NDArray w) {
    return pieces.array(scope, "head", h.array, norm, w);
  }

  /** Returns logits with a column, int64 [1], so low that it is never drawn. */
  public NDArray drop(NDManager scope, NDArray logits, NDArray column) {
    return pieces.array(scope, "drop", logits, column);
  }

  /** Returns what computes, in a few words. */
  public String description() {
    return "TorchScript";
  }

  @Override
  public void close() {
    pieces.close();
  }

  final Hidden hidden(NDManager scope, String function, Object... arguments) {
    return new Hidden(pieces.array(scope, function, arguments));
  }
}
