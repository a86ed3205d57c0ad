// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.ComputeThreads;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The forward pass of a transformer with frozen weights, divided among threads of a CPU that
 * compute alone; written in {@code divided.torchscript}. Rows and heads are the same bit for bit
 * however they are divided, as long as no part has fewer than four rows.
 */
public final class DividedTransformer {
  /** The fewest rows of a part; a product of fewer than four adds in another order. */
  private static final int LEAST_ROWS = 16;

  /** Rows and what is known of them: example, cosine, sine. */
  private static final int ARRAYS = 4;

  private final TorchScript script;
  private final TransformerForward.Shared weights;
  private final ComputeThreads threads;
  private final int layers;
  private final int keyValueHeads;

  DividedTransformer(
      TorchScript script,
      TransformerForward.Shared weights,
      ComputeThreads threads,
      int layers,
      int keyValueHeads) {
    this.script = script;
    this.weights = weights;
    this.threads = threads;
    this.layers = layers;
    this.keyValueHeads = keyValueHeads;
  }

  /**
   * Returns logits of sequences of one length or of several, as {@link
   * TransformerForward#mixedLogits} does.
   *
   * @param zts int64 [B, L], one for each length
   * @param tables returns cosines and sines [L, 1, W] of a length
   */
  public NDArray logits(
      NDManager scope, List<NDArray> zts, NDList inputs, NDArray rows, IntFunction<NDList> tables) {
    return new Pass(scope, zts, inputs, TransformerForward.angles(zts, tables)).logits(rows);
  }

  /** One call, whose arrays belong to its scope. */
  private final class Pass {
    private final NDManager scope;
    private final List<NDArray> zts;
    private final NDList start;

    Pass(NDManager scope, List<NDArray> zts, NDList inputs, List<NDArray> angles) {
      this.scope = scope;
      this.zts = zts;
      this.start =
          script.run(scope, "begin", zts, inputs, weights.condition(), weights.layers(), angles);
    }

    private NDArray vectors() {
      return start.get(ARRAYS);
    }

    NDArray logits(NDArray rows) {
      NDList all = new NDList(start.subList(0, ARRAYS));
      List<NDList> at = cut(all);
      List<NDArray> h = at.stream().map(NDList::head).toList();
      for (int layer = 0; layer < layers - 1; layer++) {
        h = block(layer, h, at);
      }
      h = attended(layers - 1, h, at);
      NDList asked = script.run(scope, "asked", h, all.get(1), rows);
      List<NDList> parts = cut(asked);
      List<NDArray> logits = map(parts.size(), p -> ends(parts.get(p)));
      return one("together", logits, rows.size());
    }

    private NDArray ends(NDList asked) {
      NDArray of = asked.get(1);
      NDArray h = one("fed", asked.head(), of, vectors(), weights.layers(), layers - 1);
      return one("headed", h, of, vectors(), weights.layers(), weights.vocabularySize());
    }

    private List<NDArray> block(int layer, List<NDArray> h, List<NDList> at) {
      List<NDArray> left = attended(layer, h, at);
      List<NDArray> fed =
          map(
              left.size(),
              p -> one("fed", left.get(p), at.get(p).get(1), vectors(), weights.layers(), layer));
      left.forEach(NDArray::close);
      return fed;
    }

    /** Returns the rows after attention, and frees those before it. */
    private List<NDArray> attended(int layer, List<NDArray> h, List<NDList> at) {
      List<NDArray> heard = heard(layer, h, at);
      int[] firsts = firsts(h);
      List<NDArray> left = map(h.size(), p -> leave(layer, h.get(p), at.get(p), heard, firsts[p]));
      heard.forEach(NDArray::close);
      h.forEach(NDArray::close);
      return left;
    }

    /** Returns what attention hears, [T, n W] of some heads each. */
    private List<NDArray> heard(int layer, List<NDArray> h, List<NDList> at) {
      List<NDArray> us =
          map(
              h.size(),
              p -> one("enter", h.get(p), facts(at.get(p)), vectors(), weights.layers(), layer));
      int parts = Math.min(threads.count(), keyValueHeads);
      List<NDArray> heard =
          map(
              parts,
              p ->
                  one(
                      "heard",
                      us,
                      zts,
                      keyValueHeads * p / parts,
                      keyValueHeads * (p + 1) / parts));
      us.forEach(NDArray::close);
      return heard;
    }

    private NDArray leave(int layer, NDArray h, NDList at, List<NDArray> heard, int first) {
      return one("leave", h, facts(at), vectors(), weights.layers(), layer, heard, first);
    }

    private static List<NDArray> facts(NDList at) {
      return at.subList(1, ARRAYS);
    }

    private static int[] firsts(List<NDArray> parts) {
      int[] firsts = new int[parts.size()];
      for (int p = 1; p < firsts.length; p++) {
        firsts[p] = firsts[p - 1] + Math.toIntExact(parts.get(p - 1).getShape().get(0));
      }
      return firsts;
    }

    private List<NDList> cut(NDList arrays) {
      int rows = Math.toIntExact(arrays.head().getShape().get(0));
      int parts = Math.max(1, Math.min(threads.count(), rows / LEAST_ROWS));
      NDList cuts = script.run(scope, "cut", arrays, parts);
      int each = arrays.size();
      return IntStream.range(0, parts)
          .mapToObj(p -> new NDList(cuts.subList(p * each, (p + 1) * each)))
          .toList();
    }

    private List<NDArray> map(int parts, IntFunction<NDArray> part) {
      return threads.map(parts, part);
    }

    private NDArray one(String function, Object... arguments) {
      return script.run(scope, function, arguments).singletonOrThrow();
    }
  }
}
