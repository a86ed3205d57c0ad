// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import java.util.Map;

/**
 * The kernels of GPT-2, written in {@code gpt2.torchscript}.
 *
 * <p>Shapes: B sequences, L positions, D width, V vocabulary. Weights are float32; those of
 * products are [in, out]. Every result belongs to {@code scope}.
 */
public final class Gpt2Kernels implements AutoCloseable {
  /** The arrays of a block: two norms, two products each of attention and feed-forward. */
  static final int BLOCK_ARRAYS = 12;

  private static final int ROWS = 4096; // of logits computed at a time

  private final TorchScript script;

  /**
   * @param heads H, divides D
   * @param epsilon of LayerNorm
   */
  public Gpt2Kernels(NDManager parent, Precision precision, int heads, double epsilon) {
    Map<String, Object> constants =
        Map.of("dtype", precision.scalarType, "heads", heads, "epsilon", epsilon, "chunk", ROWS);
    script =
        TorchScript.load(
            parent, constants, TorchScript.resource(Gpt2Kernels.class, "gpt2.torchscript"));
  }

  /** Returns tokens int64 [B, L] as rows of wte [V, D] with those of wpe [P, D] added. */
  public Hidden embed(NDManager scope, NDArray tokens, NDArray wte, NDArray wpe) {
    return new Hidden(script.run(scope, "embed", tokens, wte, wpe).singletonOrThrow());
  }

  /**
   * Returns the residual stream after a block, h [B, L, D].
   *
   * @param weights norm w, b; attention in w [D, 3 D], b; out w, b; norm w, b; up w [D, 4 D], b;
   *     down w, b
   */
  public Hidden block(NDManager scope, Hidden h, NDList weights) {
    return new Hidden(script.run(scope, "block", h.array, weights).singletonOrThrow());
  }

  /** Returns the logits of every next token, float32 [B, L, V]; the last norm is w, b [D]. */
  public NDArray logits(NDManager scope, Hidden h, NDArray w, NDArray b, NDArray wte) {
    return script.run(scope, "logits", h.array, w, b, wte).singletonOrThrow();
  }

  /** Returns {@code -log p} of each token but the first given those before it, [B, L - 1]. */
  public NDArray next(NDManager scope, Hidden h, NDList normAndTable, NDArray tokens) {
    return script
        .run(
            scope,
            "next",
            h.array,
            normAndTable.get(0),
            normAndTable.get(1),
            normAndTable.get(2),
            tokens)
        .singletonOrThrow();
  }

  @Override
  public void close() {
    script.close();
  }
}
