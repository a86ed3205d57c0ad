// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.llama;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.transformer.LlamaKernels;
import java.util.function.Function;

/**
 * A forward pass of the Llama kind, from tokens to the logits of rows.
 *
 * <p>B examples, L positions, D width, V rows of the table, R chosen rows.
 *
 * @param weights by name
 * @param places cosines and sines of the positions' angles, and what is added to the products of
 *     queries and keys, if anything is
 */
record LlamaPass(
    LlamaConfig config,
    LlamaKernels kernels,
    Function<String, NDArray> weights,
    NDList places,
    Recording recording) {

  /**
   * Returns the logits of the rows as the network has them, float32 [R, V].
   *
   * @param scope takes the result
   * @param ids int64 [B, L]
   * @param rows flat positions of the stream, int64 [R]
   */
  NDArray raw(NDManager scope, NDArray ids, NDArray rows) {
    return inScope(scope, ids, (inner, h) -> finished(inner, h, rows));
  }

  /**
   * Returns the logits of the tokens at the asked positions, as {@link #raw}, but with a mask's so
   * low that none is ever drawn.
   *
   * @param maskColumn int64 [1]
   */
  NDArray logits(NDManager scope, NDArray ids, NDArray asked, NDArray maskColumn) {
    return inScope(
        scope,
        ids,
        (inner, h) -> {
          NDArray all = finished(inner, h, rows(inner, h, asked));
          return kernels.drop(inner, all, maskColumn);
        });
  }

  /** Returns the logits of the tokens at the asked positions, the mask's among them. */
  NDArray withMask(NDManager scope, NDArray ids, NDArray asked) {
    return inScope(scope, ids, (inner, h) -> finished(inner, h, rows(inner, h, asked)));
  }

  private interface End {
    NDArray of(NDManager scope, Hidden h);
  }

  private NDArray inScope(NDManager outer, NDArray ids, End end) {
    try (NDManager scope = outer.newSubManager()) {
      Hidden h = recording.start(kernels.embed(scope, ids, weights.apply("embedding.weight")));
      for (int layer = 0; layer < config.layers() - 1; layer++) {
        h = block(scope, layer, h); // [B, L, D]
      }
      NDArray logits = end.of(scope, h);
      logits.attach(outer);
      return logits;
    }
  }

  private NDArray rows(NDManager scope, Hidden h, NDArray asked) {
    return config.isShifted() ? kernels.before(scope, asked, h) : asked;
  }

  private Hidden block(NDManager outer, int layer, Hidden stream) {
    return recording.segment(
        outer,
        stream,
        (scope, h) -> {
          Hidden attended = kernels.attention(scope, h, attention(layer), places);
          return kernels.feedForward(scope, attended, feedForward(layer));
        });
  }

  /** Computes the last block and the head; after the last attention only at the chosen rows. */
  private NDArray finished(NDManager scope, Hidden h, NDArray rows) {
    int last = config.layers() - 1;
    Hidden attended = kernels.attention(scope, h, attention(last), places); // [B, L, D]
    Hidden picked = kernels.hiddenOfRows(scope, attended, rows); // [R, D]
    Hidden fed = kernels.feedForward(scope, picked, feedForward(last)); // [R, D]
    String head = config.isTied() ? "embedding.weight" : "head.weight";
    return kernels.head(scope, fed, weights.apply("head.norm.weight"), weights.apply(head));
  }

  private NDList attention(int layer) {
    NDList all = new NDList();
    String name = "layers." + layer + ".attention.";
    add(all, name, "norm", "query", "key", "value", "out");
    if (config.isBiased()) {
      for (String each : new String[] {"query", "key", "value"}) {
        all.add(weights.apply(name + each + ".bias"));
      }
    }
    if (config.hasHeadNorms()) {
      add(all, name, "queryNorm", "keyNorm");
    }
    return all;
  }

  private NDList feedForward(int layer) {
    NDList all = new NDList();
    add(all, "layers." + layer + ".feedForward.", "norm", "gate", "up", "down");
    return all;
  }

  private void add(NDList all, String prefix, String... names) {
    for (String name : names) {
      all.add(weights.apply(prefix + name + ".weight"));
    }
  }
}
