// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;

/**
 * A row of the bound of continuous time with uniform noise (Campbell et al., 2022), in nats per
 * unit of the rate of noise beta. With {@code c = (1 - alpha) / V}, the reverse rate from the shown
 * token y to j is beta / V times
 *
 * <pre>{@code
 * rho_j = 1 + mu_j alpha / c - mu_y alpha / (alpha + c),   j other than y
 * loss  = stay * sum_{j != y} rho_j / V  -  jump * log rho_from  +  constant
 * }</pre>
 *
 * <p>The facts of a row are alpha, stay, jump, from (the token before the jump to y) and the
 * constant. Rows without a jump have jump 0.
 */
public record UniformJumpLoss() implements FormulaLoss {
  private static final int VOCABULARY_AXIS = 1;
  private static final int[] VOCABULARY = {VOCABULARY_AXIS};

  @Override
  public Values values(NDArray logits, AskedRows.OnDevice rows) {
    DataType type = logits.getDataType();
    long v = logits.getShape().get(1);
    NDArray alpha = wide(rows.fact(0)); // [R, 1]
    NDArray stay = wide(rows.fact(1)).div(v);
    NDArray jump = wide(rows.fact(2));
    NDArray from = rows.fact(3).toType(DataType.INT64, false);
    NDArray mu = wide(logits).softmax(VOCABULARY_AXIS); // [R, V]
    NDArray isY = OneHot.of(rows.shown().expandDims(1), v, DataType.FLOAT64);
    NDArray isFrom = OneHot.of(from, v, DataType.FLOAT64);
    NDArray muY = mu.mul(isY).sum(VOCABULARY, true); // [R, 1]
    NDArray muFrom = mu.mul(isFrom).sum(VOCABULARY, true);
    NDArray c = alpha.neg().add(1).div(v);
    NDArray gain = alpha.div(c);
    NDArray loss = alpha.div(alpha.add(c));
    NDArray rates = muY.mul(loss).neg().add(1).mul(v - 1).add(muY.neg().add(1).mul(gain));
    NDArray rho = muFrom.mul(gain).add(1).sub(muY.mul(loss)); // [R, 1]
    NDArray losses = rates.mul(stay).sub(rho.log().mul(jump)).add(wide(rows.fact(4))); // [R, 1]
    NDArray pull = jump.div(rho);
    NDArray byMu =
        isY.mul(pull.mul(loss).sub(stay.mul(loss.mul(v - 1).add(gain))))
            .sub(isFrom.mul(pull.mul(gain)));
    NDArray byLogit = byMu.sub(byMu.mul(mu).sum(VOCABULARY, true)).mul(mu); // [R, V]
    return new Values(losses.squeeze(1).toType(type, false), byLogit.toType(type, false));
  }

  private static NDArray wide(NDArray array) {
    return array.toType(DataType.FLOAT64, false);
  }
}
