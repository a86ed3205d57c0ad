// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;

/** The diffusion term of the negative ELBO (MD4, Section 3). */
public final class DiffusionLoss {
  private static final int VOCABULARY_AXIS = 1;

  private DiffusionLoss() {}

  /**
   * Returns {@code -log mu_n[x_n]} at every row, in nats; differentiable in {@code logits}.
   *
   * @param logits unnormalised {@code log mu} at the rows, float [R, V]
   * @param targets clean tokens at the rows, int64 [R], in [0, V)
   * @return float [R], attached to the manager of {@code logits}
   */
  public static NDArray crossEntropy(NDArray logits, NDArray targets) {
    NDArray logMu = logits.logSoftmax(VOCABULARY_AXIS); // [R, V]
    return negativeLog(logMu, targets);
  }

  /**
   * Returns what a row counts where each token has a power {@code w} (GenMD4; {@link
   * GenMd4Objective}), in nats:
   *
   * <pre>{@code
   * w_{x_n} (-log mu_n[x_n] - 1) + sum_v w_v mu_n[v]
   * }</pre>
   *
   * @param logits unnormalised {@code log mu} at the rows, float [R, V]
   * @param targets clean tokens at the rows, int64 [R], in [0, V)
   * @param powers float [V]
   * @return float [R], attached to the manager of {@code logits}
   */
  public static NDArray powered(NDArray logits, NDArray targets, NDArray powers) {
    NDArray logMu = logits.logSoftmax(VOCABULARY_AXIS); // [R, V]
    NDArray crossEntropy = negativeLog(logMu, targets); // [R]
    NDArray meanPower = logMu.exp().matMul(powers); // [R]
    return powers.take(targets).mul(crossEntropy.sub(1)).add(meanPower); // [R]
  }

  private static NDArray negativeLog(NDArray logMu, NDArray targets) {
    return logMu.gather(targets.expandDims(-1), VOCABULARY_AXIS).squeeze(-1).neg(); // [R]
  }
}
