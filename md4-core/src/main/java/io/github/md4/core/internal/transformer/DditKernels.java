// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Recording;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The kernels of the DDiT kind of network, written in {@code ddit.torchscript}.
 *
 * <p>Shapes: B examples, L positions, P positions before them, D width, W head width, R chosen
 * rows. Weights are [out, in], float32 or the type of the products.
 */
public class DditKernels implements AutoCloseable {
  static final String RESOURCE = "ddit.torchscript";

  final PieceKernels pieces;

  /**
   * The sizes and types of a network.
   *
   * @param isAdaptive whether a condition modulates every LayerNorm
   * @param hasNormBias whether LayerNorm has a bias
   */
  public record Options(
      Precision precision,
      int heads,
      int headWidth,
      double epsilon,
      boolean isAdaptive,
      boolean hasNormBias) {

    Map<String, Object> constants() {
      Map<String, Object> constants = new LinkedHashMap<>();
      constants.put("dtype", precision.scalarType);
      constants.put("headWidth", headWidth);
      constants.put("heads", heads);
      constants.put("epsilon", epsilon);
      constants.put("adaptive", isAdaptive);
      constants.put("normBias", hasNormBias);
      return constants;
    }
  }

  /**
   * The result of attention with memory.
   *
   * @param stream [B, L, D]
   * @param keysValues of these positions, before rotation, [B, L, 2 D]
   */
  public record Remembered(Hidden stream, Hidden keysValues) {}

  /**
   * A block's weights.
   *
   * @param modulation w and b of its six vectors, or nothing without a condition
   * @param attention as {@link DditKernels#attention} takes them
   * @param feedForward as {@link DditKernels#feedForward} takes them
   */
  public record Block(NDList modulation, NDList attention, NDList feedForward) {}

  DditKernels(PieceKernels pieces) {
    this.pieces = pieces;
  }

  /** Returns kernels whose results cannot be differentiated. */
  public static DditKernels forInference(NDManager parent, Options options) {
    return new DditKernels(PieceKernels.forInference(parent, RESOURCE, options.constants()));
  }

  /**
   * Returns kernels for weights in the type of the products, the same ones in every call, whose
   * results cannot be differentiated: our own between the products where the GPU has them, else as
   * {@link #forInference}.
   *
   * @param head the head's weight with rows of zeros behind it, up to a multiple of 64
   */
  public static DditKernels forFrozenWeights(NDManager parent, Options options, NDArray head) {
    return HopperDditKernels.find(parent, options, head)
        .orElseGet(() -> forInference(parent, options));
  }

  /** Returns kernels whose results can be differentiated automatically. */
  public static DditKernels forTraining(NDManager parent, Options options) {
    return new DditKernels(PieceKernels.forTraining(parent, RESOURCE, options.constants()));
  }

  /** A head whose logits stay in the type of the products. */
  @FunctionalInterface
  public interface PaddedHead {
    /**
     * Returns logits, [R, V + 1], followed by columns up to a multiple of 8 at least.
     *
     * @param modulation of the rows, k = 2
     * @param weights as in {@link #head}
     */
    Hidden of(NDManager scope, Hidden h, Hidden modulation, NDList weights);
  }

  /** Returns the head that steps of sampling are drawn from, if these kernels have one. */
  public Optional<PaddedHead> paddedHead() {
    return Optional.empty();
  }

  /** Returns tokens, int64 [B, L], as rows of {@code table} [V + 1, D]. */
  public Hidden embed(NDManager scope, NDArray ids, NDArray table) {
    return hidden(scope, "embed", ids, table);
  }

  /** Returns the condition of noise features [B, 256], float32 [B, c]; weights w0, b0, w2, b2. */
  public NDArray condition(NDManager scope, NDArray features, NDList weights) {
    return pieces.array(scope, "condition", features, weights);
  }

  /**
   * Returns k vectors of width D for each example, [B, k, 1, D].
   *
   * @param weights w and b, or nothing without a condition, where the result is not to be read
   */
  public Hidden modulation(NDManager scope, NDArray condition, NDList weights) {
    return weights.isEmpty()
        ? Hidden.borrowed(condition)
        : hidden(scope, "modulation", condition, weights.get(0), weights.get(1));
  }

  /** Returns the vectors of each row's example, [R, k, D]. */
  public Hidden modulationOfRows(NDManager scope, Hidden modulation, NDArray rows, Hidden h) {
    return hidden(scope, "modulationOfRows", modulation.array, rows, h.array);
  }

  /**
   * Returns the stream after blocks, [B, L, D].
   *
   * @param outer takes the result
   * @param stream the stream before them, which nothing else reads any more
   * @param condition float32 [B, c], or anything where there is none
   * @param places as {@link #attention} takes them
   * @param recording decides how much of a block is kept
   */
  public Hidden blocks(
      NDManager outer,
      Hidden stream,
      NDArray condition,
      List<Block> blocks,
      NDList places,
      Recording recording) {
    Hidden h = stream;
    for (Block block : blocks) {
      h =
          recording.segment(
              outer,
              h,
              (scope, before) -> {
                Hidden m = modulation(scope, condition, block.modulation);
                Hidden attended = attention(scope, before, m, block.attention, places);
                return feedForward(scope, attended, m, block.feedForward);
              }); // [B, L, D]
    }
    return h;
  }

  /**
   * Returns the stream after attention, [B, L, D].
   *
   * @param modulation k = 6, or anything where there is no condition
   * @param weights qkv, out, the norm's weight and, if it has one, bias
   * @param places cosines and sines [L, 1, W], then, if anything, what is added to the products of
   *     queries and keys, broadcast to [B, 1, L, L]
   */
  public Hidden attention(
      NDManager scope, Hidden h, Hidden modulation, NDList weights, NDList places) {
    return hidden(scope, "attended", h.array, modulation.array, weights, places);
  }

  /**
   * Returns {@link #attention} of positions that see others before them too.
   *
   * @param past keys and values of those, [B, P, 2 D], or none
   * @param places of all P + L positions
   */
  public final Remembered remembering(
      NDManager scope,
      Hidden h,
      Hidden modulation,
      NDList weights,
      NDList places,
      List<Hidden> past) {
    List<NDArray> before = past.stream().map(each -> each.array).toList();
    NDList results =
        pieces.call(scope, "attention", h.array, modulation.array, weights, places, before);
    return new Remembered(new Hidden(results.get(0)), new Hidden(results.get(1)));
  }

  /** Returns keys and values of positions one after another, [B, P, 2 D]. */
  public Hidden joined(NDManager scope, List<Hidden> parts) {
    return hidden(scope, "joined", parts.stream().map(part -> part.array).toList());
  }

  /**
   * Returns the stream after the feed-forward, h [B, L, D] or its rows [R, D].
   *
   * @param modulation k = 6, for rows that of the rows
   * @param weights in, its bias, out, its bias, the norm's weight and, if it has one, bias
   */
  public Hidden feedForward(NDManager scope, Hidden h, Hidden modulation, NDList weights) {
    return hidden(scope, "feedForward", h.array, modulation.array, weights);
  }

  /** Returns the chosen rows of h [B, L, D], [R, D]; rows are flat positions, int64 [R]. */
  public Hidden hiddenOfRows(NDManager scope, Hidden h, NDArray rows) {
    return hidden(scope, "hiddenOfRows", h.array, rows);
  }

  /**
   * Returns the logits of rows h [R, D], float32 [R, V + 1].
   *
   * @param modulation k = 2, of rows, or anything where there is no condition
   * @param weights w, its bias, the norm's weight and, if it has one, bias
   */
  public NDArray head(NDManager scope, Hidden h, Hidden modulation, NDList weights) {
    return pieces.array(scope, "head", h.array, modulation.array, weights);
  }

  /** Returns {@link #head} without the last column, the mask's, [R, V]. */
  public NDArray headOfTokens(NDManager scope, Hidden h, Hidden modulation, NDList weights) {
    return pieces.array(scope, "withoutLast", head(scope, h, modulation, weights));
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
