// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import java.util.Optional;

/**
 * The transformer with weights that never change. Of few positions the time is the host's, which
 * starts the kernels: one script of all of them. Of many it is the device's: fewer passes over the
 * data.
 */
final class FrozenTransformer implements FrozenDenoiser {
  /** Positions from which on the device takes longer than the host. */
  private static final int MANY = 4096;

  private final Check check;
  private final FrozenWeights weights;
  private final FrozenForward script;
  private final Optional<FrozenForward> fused;

  /** Throws if shapes do not fit. */
  @FunctionalInterface
  interface Check {
    void of(NDArray zt, Condition condition, NDArray rows);
  }

  /**
   * All arguments are closed with this.
   *
   * @param fused for many positions, where there are kernels for it
   */
  FrozenTransformer(
      Check check, FrozenWeights weights, FrozenForward script, Optional<FrozenForward> fused) {
    this.check = check;
    this.weights = weights;
    this.script = script;
    this.fused = fused;
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    check.of(zt, condition, rows);
    FrozenForward forward = zt.size() <= MANY ? script : fused.orElse(script);
    return forward.logits(zt, condition, rows);
  }

  @Override
  public String description() {
    return fused.isPresent()
        ? "CUDA kernels of our own, up to %,d positions TorchScript".formatted(MANY)
        : "TorchScript";
  }

  @Override
  public void close() {
    fused.ifPresent(FrozenForward::close);
    script.close();
    weights.close();
  }
}
