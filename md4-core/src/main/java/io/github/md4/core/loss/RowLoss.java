// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.OwnedArrays;

/**
 * The loss of a row: a network's logits at one position against the clean token there, before the
 * row's weight.
 */
public interface RowLoss {

  /**
   * Returns the loss of every row, in nats.
   *
   * @param logits the network's unnormalised log-probabilities at the rows, float32 [R, V]
   * @param rows the asked rows: targets, tokens shown, facts; R of them
   * @return nats, float32 [R], attached to the manager of {@code logits}
   */
  NDArray of(NDArray logits, AskedRows rows);

  /**
   * Returns the loss of every row, in nats, as fast as the network's kernels allow.
   *
   * @param scope the owner of what the computation makes
   * @param logits the network's logits at the rows, which are taken once
   * @param rows the asked rows: targets, tokens shown, facts; R of them
   * @return nats, float32 [R], in {@code scope}
   */
  default NDArray of(NDManager scope, FrozenLogits logits, AskedRows rows) {
    return of(logits.exact(scope), rows);
  }

  /**
   * Returns the weighted sum of the rows' losses on a training pass, and leaves its gradient there.
   * Rows of weight zero stand in ({@code QueryBatch.filled}): whatever token they are shown, their
   * losses and gradients have to be finite.
   *
   * @param scope the owner of what the computation makes
   * @param logits the logits of a training pass
   * @param rows the asked rows: targets, tokens shown, facts; R of them
   * @param weights at least zero, one for each row
   * @return float32, one element, on the device, in {@code scope}
   */
  NDArray weightedSum(NDManager scope, Logits logits, AskedRows rows, float[] weights);

  /** {@code -log mu[x]}, the cross-entropy (MD4, Section 3; spec, Section 2.1). */
  record CrossEntropy() implements RowLoss {
    private static final int VOCABULARY_AXIS = 1;

    @Override
    public NDArray of(NDArray logits, AskedRows rows) {
      return of(logits, rows.targets(logits.getManager()));
    }

    /**
     * As {@link #of(NDArray, AskedRows)}; differentiable in {@code logits}.
     *
     * @param logits unnormalised log-probabilities, float32 or float64 [R, V]
     * @param targets clean tokens at the rows, int64 [R], in [0, V)
     * @return the loss of each row, nats, at least zero, [R], of the type of {@code logits}
     */
    public NDArray of(NDArray logits, NDArray targets) {
      return negativeLog(logits.logSoftmax(VOCABULARY_AXIS), targets);
    }

    @Override
    public NDArray of(NDManager scope, FrozenLogits logits, AskedRows rows) {
      return logits.crossEntropy(scope, rows.targets());
    }

    @Override
    public NDArray weightedSum(NDManager scope, Logits logits, AskedRows rows, float[] weights) {
      return logits.crossEntropy(scope, rows.targets(), weights);
    }

    /** Returns {@code -log mu[x]} of each row [R], from {@code log mu} [R, V]. */
    private static NDArray negativeLog(NDArray logMu, NDArray targets) {
      return logMu.gather(targets.expandDims(-1), VOCABULARY_AXIS).squeeze(-1).neg(); // [R]
    }
  }

  /**
   * The loss of a row where each token has a power {@code w} of time (GenMD4, equation 12; spec,
   * Section 3.2):
   *
   * <pre>{@code
   * w_x (-log mu[x] - 1) + sum_v w_v mu[v]
   * }</pre>
   *
   * @param powers one for each token [V]; not to be changed
   */
  record PerToken(float[] powers) implements RowLoss {
    @Override
    public NDArray of(NDArray logits, AskedRows rows) {
      try (NDArray w = floats(logits.getManager())) { // [V]
        return of(logits, rows.targets(logits.getManager()), w);
      }
    }

    private NDArray floats(NDManager manager) {
      return OwnedArrays.floats(manager, powers, new Shape(powers.length));
    }

    /**
     * Returns the loss of every row under powers that are an array; differentiable in them too.
     *
     * @param logits unnormalised log-probabilities, float32 or float64 [R, V]
     * @param targets clean tokens at the rows, int64 [R], in [0, V)
     * @param powers one for each token, of the type of {@code logits}, [V]
     * @return nats, [R], of the type of {@code logits}, attached to their manager
     */
    public static NDArray of(NDArray logits, NDArray targets, NDArray powers) {
      NDArray logMu = logits.logSoftmax(CrossEntropy.VOCABULARY_AXIS); // [R, V]
      NDArray crossEntropy = CrossEntropy.negativeLog(logMu, targets); // [R]
      NDArray meanPower = logMu.exp().matMul(powers); // [R]
      return powers.take(targets).mul(crossEntropy.sub(1)).add(meanPower); // [R]
    }

    @Override
    public NDArray of(NDManager scope, FrozenLogits logits, AskedRows rows) {
      return logits.genMd4(scope, rows.targets(), powers);
    }

    @Override
    public NDArray weightedSum(NDManager scope, Logits logits, AskedRows rows, float[] weights) {
      return logits.genMd4(scope, rows.targets(), weights, powers).sum();
    }
  }
}
