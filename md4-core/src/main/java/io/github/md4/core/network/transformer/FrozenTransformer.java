// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.network.FrozenDenoiser;

/** The transformer with frozen weights, computed by the fastest available implementation. */
final class FrozenTransformer implements FrozenDenoiser {
  private final Check check;
  private final FrozenWeights weights;
  private final FrozenForward forward;

  /** A check of the inputs' shapes. */
  @FunctionalInterface
  interface Check {
    void of(NDArray zt, Condition condition, NDArray rows);
  }

  /**
   * @param weights closed with this, as is {@code forward}
   */
  FrozenTransformer(Check check, FrozenWeights weights, FrozenForward forward) {
    this.check = check;
    this.weights = weights;
    this.forward = forward;
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    check.of(zt, condition, rows);
    return forward.logits(zt, condition, rows);
  }

  @Override
  public String description() {
    return forward.description();
  }

  @Override
  public void close() {
    forward.close();
    weights.close();
  }
}
