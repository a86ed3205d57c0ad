// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * A network's logits at R rows in training, on the device: float32 or bfloat16 [R, V], as the
 * network's precision is. A loss computes its gradient by them, which is kept for the backward
 * pass; so one loss is called, once.
 *
 * <p>Networks implement it and losses call it, on the thread of the training. What a method returns
 * belongs to {@code scope}.
 */
public interface Logits {

  /**
   * Returns {@code sum_r weights[r] * -log mu_r[targets[r]]} and keeps its gradient.
   *
   * @param scope the owner of what the computation makes
   * @param targets clean tokens in [0, V), one for each row
   * @param weights at least zero, one for each row
   * @return nats, float32, one element, on the device
   */
  NDArray crossEntropy(NDManager scope, int[] targets, float[] weights);

  /**
   * Returns the weighted sum of a loss that is given by its formula, and keeps its gradient.
   *
   * @param scope the owner of what the computation makes
   * @param loss the formula and its gradient
   * @param rows the asked rows: targets, tokens shown, facts; R of them
   * @param weights at least zero, one for each row
   * @return float32, one element, on the device
   */
  NDArray formula(NDManager scope, FormulaLoss loss, AskedRows rows, float[] weights);

  /**
   * As {@link #formula}, of the score entropy, as fast as the network's kernels allow.
   *
   * @param scope the owner of what the computation makes
   * @param rows the asked rows: targets, tokens shown, facts; R of them
   * @param weights at least zero, one for each row
   * @return float32, one element, on the device
   */
  default NDArray scoreEntropy(NDManager scope, AskedRows rows, float[] weights) {
    return formula(scope, new ScoreEntropyLoss(), rows, weights);
  }

  /**
   * Computes {@code sum_r weights[r] * l_r} where each token has a power {@code w},
   *
   * <pre>{@code
   * l_r = w_x (-log mu_r[x] - 1) + sum_v w_v mu_r[v],   x = targets[r]
   * }</pre>
   *
   * and keeps its gradient by the logits.
   *
   * @param scope the owner of what the computation makes
   * @param targets clean tokens in [0, V), one for each row
   * @param weights at least zero, one for each row
   * @param powers the power of each token's schedule, [V]
   * @return sum, rows and gradient by the powers, in {@code scope}
   */
  GenMd4Loss genMd4(NDManager scope, int[] targets, float[] weights, float[] powers);
}
