// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/** Draws and truncations of categorical laws, in float64: small probabilities do not vanish. */
public final class DrawKernels implements AutoCloseable {
  private final TorchScript script;

  public DrawKernels(NDManager parent) {
    script = TorchScript.load(parent, Map.of(), TorchScript.resource("draw.torchscript"));
  }

  /**
   * Returns one draw from {@code softmax(logits)} a row, by inversion of the distribution function.
   *
   * @param logits float [R, V]; minus infinity is never drawn
   * @param u uniforms in [0, 1), float64 [R]
   * @return int64 [R], attached to {@code scope}
   */
  public NDArray draw(NDManager scope, NDArray logits, NDArray u) {
    return script.run(scope, "draw", logits, u).singletonOrThrow();
  }

  /** Returns the most likely token of each row, int64 [R]. */
  public NDArray mostLikely(NDManager scope, NDArray logits) {
    return script.run(scope, "mostLikely", logits).singletonOrThrow();
  }

  /**
   * Returns the logits of the smallest set of tokens whose mass is at least {@code p}, together
   * with all that tie with its least likely one; minus infinity elsewhere.
   *
   * @param p positive; from 1 on all tokens stay
   */
  public NDArray topP(NDManager scope, NDArray logits, double p) {
    if (!(p > 0)) {
      throw new IllegalArgumentException("p must be positive: " + p);
    }
    // The running sum can round to 1 before the last tokens.
    double bound = p >= 1 ? Double.POSITIVE_INFINITY : p;
    return script.run(scope, "topP", logits, bound).singletonOrThrow();
  }

  /**
   * Returns the k largest logits, with ties; minus infinity elsewhere.
   *
   * @param k at least 1; from V on all tokens stay
   */
  public NDArray topK(NDManager scope, NDArray logits, int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1: " + k);
    }
    return script.run(scope, "topK", logits, k).singletonOrThrow();
  }

  @Override
  public void close() {
    script.close();
  }
}
