// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The kernels of the transformer, written in {@code transformer.torchscript}.
 *
 * <p>Shapes: B examples, L positions, D width, W head width, F hidden width of the feed-forward, V
 * vocabulary, R chosen rows. Weights are float32, [out, in]. Every result belongs to {@code scope}.
 */
public final class TransformerKernels implements AutoCloseable {
  private static final int BRANCHES = 2;
  private static final String SOURCE =
      TorchScript.resource(TorchScript.class, "condition.torchscript")
          + TorchScript.resource(TorchScript.class, "norm.torchscript")
          + TorchScript.resource(TransformerKernels.class, "transformer.torchscript");

  /**
   * The sizes and types of a network.
   *
   * @param headWidth W, even
   * @param keyValueHeads divides {@code heads}
   * @param epsilon of LayerNorm and RMSNorm
   */
  public record Options(
      Precision precision,
      Activation activation,
      int heads,
      int keyValueHeads,
      int headWidth,
      boolean causal,
      double epsilon) {}

  /**
   * The rates of dropout in training.
   *
   * @param channel of whole channels of each branch, drawn by the caller
   * @param embedding drawn inside the engine, of the embedded tokens
   * @param attention drawn inside the engine, of the attention probabilities
   */
  public record Dropout(double channel, double embedding, double attention) {
    /** No dropout. */
    public static final Dropout NONE = new Dropout(0, 0, 0);

    /** Returns whether the engine draws any dropout. */
    boolean isInEngine() {
      return embedding > 0 || attention > 0;
    }
  }

  /** The mode of a call. */
  private interface Call {
    NDList apply(NDManager scope, String function, Object... arguments);
  }

  private final TorchScript script;
  private final Call call;

  private TransformerKernels(TorchScript script, Call call) {
    this.script = script;
    this.call = call;
  }

  /** Returns kernels whose results cannot be differentiated, without dropout. */
  public static TransformerKernels forInference(NDManager parent, Options options) {
    TorchScript script = load(parent, options, Dropout.NONE);
    return new TransformerKernels(script, script::run);
  }

  /** Returns kernels whose results can be differentiated automatically. */
  public static TransformerKernels forTraining(NDManager parent, Options options, Dropout dropout) {
    TorchScript script = load(parent, options, dropout);
    return new TransformerKernels(script, script::record);
  }

  private static TorchScript load(NDManager parent, Options options, Dropout dropout) {
    return load(parent, options, dropout, Map.of(), "");
  }

  /** Returns the script of these kernels, followed by the functions {@code more}. */
  static TorchScript load(
      NDManager parent, Options options, Dropout dropout, Map<String, ?> besides, String more) {
    Map<String, Object> constants = new LinkedHashMap<>(besides);
    constants.put("dtype", options.precision().scalarType);
    constants.put("padTo", options.precision().columns);
    constants.put("heads", options.heads());
    constants.put("keyValueHeads", options.keyValueHeads());
    constants.put("headWidth", options.headWidth());
    constants.put("causal", options.causal());
    constants.put("epsilon", options.epsilon());
    constants.put("dropoutScale", 1 / (1 - dropout.channel()));
    constants.put("embeddingDropout", dropout.embedding());
    constants.put("attentionDropout", dropout.attention());
    return TorchScript.load(parent, constants, options.activation().functions() + SOURCE + more);
  }

  /** Returns the tokens {@code zt}, int64 [B, L], as rows of {@code table} [V + 1, D]. */
  public Hidden embed(NDManager scope, NDArray zt, NDArray table) {
    return hidden(scope, "embed", zt, table);
  }

  /** Returns the rows of {@code table} [V + 1, W] multiplied by {@code w} [D, W], plus b [D]. */
  public Hidden embedOutside(NDManager scope, NDArray zt, NDArray table, NDArray w, NDArray b) {
    return hidden(scope, "embedOutside", zt, table, w, b);
  }

  /**
   * Returns the activated condition {@code act(w2 swish(w1 features + b1) + b2)}, float32 [B, W].
   *
   * @param weights w1 [4 W, features], b1, w2 [W, 4 W], b2
   */
  public NDArray condition(NDManager scope, NDArray features, NDList weights) {
    return array(scope, "activatedCondition", features, weights);
  }

  /** Returns the time features with each example's class appended, labels int64 [B]. */
  public NDArray withClass(NDManager scope, NDArray features, NDArray labels, NDArray table) {
    return array(scope, "withClass", features, labels, table);
  }

  /** Returns {@code act(c)}, c the class embedding of labels int64 [B]; [B, W]. */
  public NDArray classCondition(NDManager scope, NDArray labels, NDArray table) {
    return array(scope, "classCondition", labels, table);
  }

  /** Returns k vectors of width D for each example from the activated condition, w [k D, W]. */
  public Hidden modulation(NDManager scope, NDArray c, NDArray w, NDArray b) {
    return hidden(scope, "modulation", c, w, b);
  }

  /**
   * Returns the modulation, or the dropout mask, of each row's example, [R, k, D].
   *
   * @param h [B, L, D]; its length L assigns rows to examples
   */
  public Hidden modulationOfRows(NDManager scope, Hidden modulation, NDArray rows, Hidden h) {
    return hidden(scope, "modulationOfRows", modulation.array, rows, h.array);
  }

  /**
   * Returns Dropout1d's factors of the two branches, [B, 2, 1, D].
   *
   * @param mask uint8, 1 where a channel is kept
   */
  public Hidden dropoutMask(NDManager scope, NDArray mask) {
    return hidden(scope, "scaledMask", mask);
  }

  /** Returns the factors of both branches without dropout, [1, 2, 1, 1] or [1, 2, 1]. */
  public Hidden noDropout(NDManager scope, int dimensions) {
    return new Hidden(scope.ones(new Shape(1, BRANCHES).addAll(unit(dimensions - 2))));
  }

  private static Shape unit(int dimensions) {
    return new Shape(LongStream.generate(() -> 1).limit(dimensions).toArray());
  }

  /** Returns the chosen rows of h [B, L, D], [R, D]; rows are flat positions, int64 [R]. */
  public Hidden hiddenOfRows(NDManager scope, Hidden h, NDArray rows) {
    return hidden(scope, "hiddenOfRows", h.array, rows);
  }

  /**
   * Returns {@code h + gate * attention(modulate(LN(h)))} for h [B, L, D].
   *
   * @param modulation shift, scale and gate of the attention, then of the feed-forward, k = 6
   * @param mask Dropout1d's factors of the two branches, [B, 2, 1, D] or broadcast to it
   * @param weightsAndRotary qkv [(H + 2 K) W, D], out [D, H W], cosines, sines [L, 1, W]
   */
  public Hidden adaptiveAttention(
      NDManager scope, Hidden h, Hidden modulation, Hidden mask, NDList weightsAndRotary) {
    return hidden(
        scope, "adaptiveAttention", h.array, modulation.array, mask.array, weightsAndRotary);
  }

  /**
   * Returns {@link #adaptiveAttention} with RMSNorm's {@code scale} [D] in place of the modulation.
   */
  public Hidden plainAttention(
      NDManager scope, Hidden h, NDArray scale, Hidden mask, NDList weightsAndRotary) {
    return hidden(scope, "plainAttention", h.array, scale, mask.array, weightsAndRotary);
  }

  /**
   * Returns {@code h + gate * feedForward(modulate(LN(h)))}, h [B, L, D] or its rows [R, D].
   *
   * @param modulation k = 6, for rows that of the rows
   * @param weights up [2 F, D] (value, then gate), down [D, F]
   */
  public Hidden adaptiveFeedForward(
      NDManager scope, Hidden h, Hidden modulation, Hidden mask, NDList weights) {
    return hidden(scope, "adaptiveFeedForward", h.array, modulation.array, mask.array, weights);
  }

  /**
   * Returns {@link #adaptiveFeedForward} with RMSNorm's {@code scale} in place of the modulation.
   */
  public Hidden plainFeedForward(
      NDManager scope, Hidden h, NDArray scale, Hidden mask, NDList weights) {
    return hidden(scope, "plainFeedForward", h.array, scale, mask.array, weights);
  }

  /** Returns the logits of rows h [R, D] under w [V, D], float32 [R, V]; modulation has k = 2. */
  public NDArray adaptiveHead(NDManager scope, Hidden h, Hidden modulation, NDArray w) {
    return array(scope, "adaptiveHead", h.array, modulation.array, w);
  }

  /** Returns {@link #adaptiveHead} with RMSNorm's {@code scale} in place of the modulation. */
  public NDArray plainHead(NDManager scope, Hidden h, NDArray scale, NDArray w) {
    return array(scope, "plainHead", h.array, scale, w);
  }

  @Override
  public void close() {
    script.close();
  }

  private Hidden hidden(NDManager scope, String function, Object... arguments) {
    return new Hidden(array(scope, function, arguments));
  }

  /** Calls a function of arrays; the arrays of a list are separate arguments. */
  private NDArray array(NDManager scope, String function, Object... arguments) {
    Object[] flat =
        Arrays.stream(arguments)
            .flatMap(a -> a instanceof NDList list ? list.stream() : Stream.of(a))
            .toArray();
    return call.apply(scope, function, flat).singletonOrThrow();
  }
}
