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
  private final KernelCalls calls;

  private Gpt2Kernels(TorchScript script, KernelCalls calls) {
    this.script = script;
    this.calls = calls;
  }

  private Gpt2Kernels(TorchScript script) {
    this(script, KernelCalls.run(script));
  }

  /**
   * Kernels whose results cannot be differentiated.
   *
   * @param heads H, divides D
   * @param epsilon of LayerNorm
   */
  public Gpt2Kernels(NDManager parent, Precision precision, int heads, double epsilon) {
    this(load(parent, precision, heads, epsilon));
  }

  /** Returns kernels whose results can be differentiated automatically. */
  public static Gpt2Kernels forTraining(
      NDManager parent, Precision precision, int heads, double epsilon) {
    TorchScript script = load(parent, precision, heads, epsilon);
    return new Gpt2Kernels(script, KernelCalls.record(script));
  }

  private static TorchScript load(
      NDManager parent, Precision precision, int heads, double epsilon) {
    Map<String, Object> constants =
        Map.of("dtype", precision.scalarType, "heads", heads, "epsilon", epsilon, "chunk", ROWS);
    return TorchScript.load(
        parent, constants, TorchScript.resource(Gpt2Kernels.class, "gpt2.torchscript"));
  }

  /** Returns the stream at flat positions, rows int64 [R]: [R, D]. */
  public Hidden rows(NDManager scope, Hidden h, NDArray rows) {
    return calls.hidden(scope, "rows", h.array, rows);
  }

  /** Returns tokens int64 [B, L] as rows of wte [V, D] with those of wpe [P, D] added. */
  public Hidden embed(NDManager scope, NDArray tokens, NDArray wte, NDArray wpe) {
    return calls.hidden(scope, "embed", tokens, wte, wpe);
  }

  /**
   * Returns the residual stream after a block, h [B, L, D].
   *
   * @param weights norm w, b; attention in w [D, 3 D], b; out w, b; norm w, b; up w [D, 4 D], b;
   *     down w, b
   */
  public Hidden block(NDManager scope, Hidden h, NDList weights) {
    return calls.hidden(scope, "block", h.array, weights);
  }

  /**
   * Returns the logits of every next token, float32 [B, L, V] or [R, V]; the last norm is w, b [D].
   */
  public NDArray logits(NDManager scope, Hidden h, NDArray w, NDArray b, NDArray wte) {
    return calls.array(scope, "logits", h.array, w, b, wte);
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
