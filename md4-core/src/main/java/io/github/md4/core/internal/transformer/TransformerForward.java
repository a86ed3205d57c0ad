// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.TorchScript;
import io.github.md4.core.internal.transformer.TransformerKernels.Dropout;
import io.github.md4.core.internal.transformer.TransformerKernels.Options;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * The forward pass of a transformer with frozen weights in one call, written in {@code
 * frozen.torchscript}. Shapes as in {@link TransformerKernels}.
 */
public final class TransformerForward implements AutoCloseable {
  private final TorchScript script;
  private final int vocabularySize;
  private final TorchScript.SharedList weights;
  private final TorchScript.SharedList condition;
  private final boolean isAdaptive;
  private final Map<Integer, TorchScript.SharedList> rotary = new ConcurrentHashMap<>();

  /**
   * The inputs of a network's condition, on which the functions depend.
   *
   * @param isTimed whether the time is one; {@code hasClasses}, whether a class is one
   */
  public record ConditionInputs(boolean isTimed, boolean hasClasses) {
    boolean isAdaptive() {
      return isTimed || hasClasses;
    }
  }

  /**
   * The weights; those of products are in the products' type.
   *
   * @param condition the condition's products and class embeddings, in order; empty without
   *     condition
   * @param before table, padded head, then the joint weight and bias of all modulations, or without
   *     condition the head's norm
   * @param layers the number of layers
   * @param ofLayers each layer's arrays in the order of {@code frozen.torchscript}
   */
  public record Weights(NDList condition, List<Hidden> before, int layers, List<Hidden> ofLayers) {
    private List<NDArray> arrays() {
      return Stream.concat(before.stream(), ofLayers.stream()).map(each -> each.array).toList();
    }
  }

  /** A maker of arrays that depend on weights only. */
  public static final class Preparation implements AutoCloseable {
    private static final String TEXT =
        """
        def stacked(self: __torch__.M, w: List[Tensor]) -> Tensor:
          return torch.cat(w, 0)
        def outsideTable(self: __torch__.M, table: Tensor, w: Tensor, b: Tensor) -> Tensor:
          return torch.linear(table, w, b)
        """;

    private final NDManager manager;
    private final TorchScript script;

    /**
     * @param manager the owner of the results
     */
    public Preparation(NDManager manager) {
      this.manager = manager;
      this.script = TorchScript.load(manager, Map.of(), TEXT);
    }

    /** Returns arrays of one type concatenated along their rows. */
    public Hidden stacked(List<Hidden> parts) {
      List<NDArray> arrays = parts.stream().map(part -> part.array).toList();
      return new Hidden(script.run(manager, "stacked", arrays).singletonOrThrow());
    }

    /** Returns the table [V + 1, D] of an embedding and the product after it, all float32. */
    public Hidden outsideTable(NDArray table, NDArray w, NDArray b) {
      return new Hidden(script.run(manager, "outsideTable", table, w, b).singletonOrThrow());
    }

    @Override
    public void close() {
      script.close();
    }
  }

  /** Returns a float32 array as an element of {@link Weights}. */
  public static Hidden exact(NDArray array) {
    return new Hidden(array);
  }

  /**
   * @param weights read in every call
   */
  public TransformerForward(
      NDManager parent,
      Options options,
      ConditionInputs inputs,
      int vocabularySize,
      Weights weights) {
    Map<String, ?> constants =
        Map.of("layers", weights.layers, "timed", inputs.isTimed, "classes", inputs.hasClasses);
    this.script =
        TransformerKernels.load(
            parent,
            options,
            Dropout.NONE,
            constants,
            TorchScript.resource(TransformerForward.class, "frozen.torchscript")
                + TorchScript.resource(TransformerForward.class, "mixed.torchscript"));
    this.vocabularySize = vocabularySize;
    this.isAdaptive = inputs.isAdaptive();
    int beforeQkv = isAdaptive ? 0 : 1; // in a layer's arrays
    int step = weights.ofLayers.size() / weights.layers;
    NDList prepared =
        script.run(parent, "prepared", weights.arrays(), weights.before.size() + beforeQkv, step);
    this.weights = new TorchScript.SharedList(prepared);
    this.condition = new TorchScript.SharedList(weights.condition);
  }

  /**
   * Returns logits, float32 [R, V].
   *
   * @param zt int64 [B, L]; {@code rows}, flat positions int64 [R]
   * @param inputs time features float32 [B, W], labels int64 [B], or both
   * @param tables returns cosines and sines [L, 1, W] of a length
   */
  public NDArray logits(
      NDManager scope, NDArray zt, NDList inputs, NDArray rows, IntFunction<NDList> tables) {
    int length = Math.toIntExact(zt.getShape().get(1));
    TorchScript.SharedList angles =
        rotary.computeIfAbsent(length, each -> new TorchScript.SharedList(tables.apply(each)));
    NDList logits =
        isAdaptive
            ? script.run(
                scope,
                "adaptiveLogits",
                zt,
                inputs,
                rows,
                condition,
                weights,
                angles,
                vocabularySize)
            : script.run(scope, "plainLogits", zt, rows, weights, angles, vocabularySize);
    return logits.singletonOrThrow();
  }

  /**
   * Returns logits of sequences of several lengths, float32 [R, V].
   *
   * @param zts int64 [B, L], one for each length; {@code rows}, flat positions in all int64 [R]
   * @param inputs as in {@link #logits}, of the examples of all
   * @param tables returns cosines and sines [L, 1, W] of a length, which live on
   */
  public NDArray mixedLogits(
      NDManager scope, List<NDArray> zts, NDList inputs, NDArray rows, IntFunction<NDList> tables) {
    List<NDArray> angles =
        zts.stream()
            .flatMap(zt -> tables.apply(Math.toIntExact(zt.getShape().get(1))).stream())
            .toList();
    NDList logits =
        isAdaptive
            ? script.run(
                scope,
                "adaptiveMixed",
                zts,
                inputs,
                rows,
                condition,
                weights,
                angles,
                vocabularySize)
            : script.run(scope, "plainMixed", zts, rows, weights, angles, vocabularySize);
    return logits.singletonOrThrow();
  }

  /** Returns empty memory of the keys and values of so many sequences, in {@code manager}. */
  public NDList cache(NDManager manager, NDArray like, int slots, int length) {
    return script.run(manager, "cache", like, slots, length);
  }

  /**
   * Returns the logits after the last of the tokens shown, float32 [B, V], and adds their keys and
   * values to the memory.
   *
   * @param zt int64 [B, C]; {@code slots}, int64 [B]
   * @param kept of {@link #cache}
   * @param angles cosines and sines [L, 1, W]
   * @param past the number of tokens before
   */
  public NDArray next(
      NDManager scope,
      NDArray zt,
      NDList inputs,
      TorchScript.SharedList angles,
      TorchScript.SharedList kept,
      NDArray slots,
      int past) {
    NDList logits =
        isAdaptive
            ? script.run(
                scope,
                "adaptiveNext",
                zt,
                inputs,
                condition,
                weights,
                angles,
                kept,
                slots,
                past,
                vocabularySize)
            : script.run(
                scope, "plainNext", zt, weights, angles, kept, slots, past, vocabularySize);
    return logits.singletonOrThrow();
  }

  @Override
  public void close() {
    rotary.values().forEach(TorchScript.SharedList::close);
    weights.close();
    condition.close();
    script.close();
  }
}
