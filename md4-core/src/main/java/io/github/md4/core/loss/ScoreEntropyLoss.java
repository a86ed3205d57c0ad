// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * The score entropy of a masked position (Lou et al., 2024), in units of {@code r = alpha / (1 -
 * alpha)}. With the positive score {@code s_j = r exp(f_j + c)} it is
 *
 * <pre>{@code
 * (sum_j s_j - r log s_x + r (log r - 1)) / r   =   sum_j exp(f_j + c) - (f_x + c) - 1
 * }</pre>
 *
 * <p>With {@code Z = sum_j exp(f_j + c)} this is the cross-entropy and {@code Z - 1 - log Z}, which
 * is zero where the scores add up to r. In nats, at least zero.
 *
 * <p>The one fact of a row is c; see {@code ScoreForm}.
 */
public record ScoreEntropyLoss() implements FormulaLoss {
  private static final int VOCABULARY_AXIS = 1;
  private static final int[] VOCABULARY = {VOCABULARY_AXIS};

  @Override
  public Values values(NDArray logits, AskedRows.OnDevice rows) {
    NDArray column = rows.targets().expandDims(1); // [R, 1]
    NDArray f = logits.add(rows.fact(0).toType(logits.getDataType(), false)); // [R, V]
    NDArray ratios = f.exp(); // [R, V]
    NDArray own = f.gather(column, VOCABULARY_AXIS); // [R, 1]
    NDArray losses = ratios.sum(VOCABULARY).sub(own.squeeze(1)).sub(1); // [R]
    return new Values(losses, OneHot.subtracted(ratios, column));
  }

  @Override
  public NDArray weightedSum(NDManager scope, Logits logits, AskedRows rows, float[] weights) {
    return logits.scoreEntropy(scope, rows, weights);
  }
}
