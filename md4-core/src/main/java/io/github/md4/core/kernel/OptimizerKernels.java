// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/** What an optimizer does to all parameters at once, in place; lists are in the same order. */
public final class OptimizerKernels implements AutoCloseable {
  private final TorchScript script;

  /**
   * The numbers of one AdamW update.
   *
   * @param correction1 {@code 1 - beta1^k} at the k-th update; likewise {@code correction2}
   */
  public record AdamWNumbers(
      double rate,
      double beta1,
      double beta2,
      double epsilon,
      double decay,
      double correction1,
      double correction2) {}

  public OptimizerKernels(NDManager parent) {
    script = TorchScript.load(parent, Map.of(), TorchScript.resource("optimizer.torchscript"));
  }

  /**
   * Updates the moments, then {@code p <- p - rate (m^ / (sqrt(v^) + epsilon) + decay p)}, the hats
   * standing for the division by the corrections.
   */
  public void adamW(NDList p, NDList g, NDList m, NDList v, AdamWNumbers n) {
    change(
        p,
        "adamW",
        p,
        g,
        m,
        v,
        n.rate,
        n.beta1,
        n.beta2,
        n.epsilon,
        n.decay,
        n.correction1,
        n.correction2);
  }

  /** Updates {@code e <- e + (1 - rate) (p - e)}. */
  public void average(NDList e, NDList p, double rate) {
    change(e, "average", e, p, rate);
  }

  /** Updates {@code sum <- sum + g}. */
  public void add(NDList sum, NDList g) {
    change(sum, "add", sum, g);
  }

  /** Moves each element into [-bound, bound]. */
  public void clipByValue(NDList g, double bound) {
    change(g, "clipByValue", g, bound);
  }

  /** Scales all to the norm {@code bound} where they exceed it together. */
  public void clipByNorm(NDList g, double bound) {
    change(g, "clipByNorm", g, bound);
  }

  /** Returns the Euclidean norm of all together, float32, one element. */
  public NDArray norm(NDManager scope, NDList g) {
    return script.run(scope, "norm", g).singletonOrThrow();
  }

  @Override
  public void close() {
    script.close();
  }

  private void change(NDList list, String function, Object... arguments) {
    try (NDManager scope = list.get(0).getManager().newSubManager()) {
      script.run(scope, function, arguments).close();
    }
  }
}
