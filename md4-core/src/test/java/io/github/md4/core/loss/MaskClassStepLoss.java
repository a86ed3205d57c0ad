// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;

/**
 * A step back of D3PM with masks by a head that has a class for the mask too, which may be guessed,
 * and without carry-over (Austin et al., 2021, as MDLM's code computes it). With {@code p} the
 * softmax over V + 1 classes and the step from t to s, {@code share = (alpha_s - alpha_t) / (1 -
 * alpha_t)},
 *
 * <pre>{@code
 * share       (log(alpha_t p_m / (1 - alpha_t) + 1) - log p_x)
 * + (1 - share) (log(alpha_t p_m / (1 - alpha_t) + 1) - log(alpha_s p_m / (1 - alpha_s) + 1))
 * }</pre>
 *
 * <p>where the shown token is the mask, 0 elsewhere. At {@code 1 - alpha_s = 0} the second line has
 * the weight 0.
 *
 * <p>The facts of a row are {@code 1 - alpha_t}, the share of masks, and {@code alpha_s - alpha_t},
 * what the step takes from it: as differences of two float32 the shares of a short step would be
 * lost.
 */
public record MaskClassStepLoss() implements FormulaLoss {
  private static final int CLASS_AXIS = 1;

  /** At a masked share of zero the weight of what divides by it is zero too. */
  private static final float LEAST_SHARE = 1e-12f;

  @Override
  public Values values(NDArray logits, AskedRows.OnDevice rows) {
    DataType type = logits.getDataType();
    long classes = logits.getShape().get(1);
    NDArray maskedT = rows.fact(0).toType(type, false); // [R, 1]
    NDArray revealed = rows.fact(1).toType(type, false); // [R, 1]
    NDArray column = rows.targets().expandDims(1);
    NDArray logP = logits.logSoftmax(CLASS_AXIS); // [R, V + 1]
    NDArray p = logP.exp();
    NDArray ofMask = p.get(":, {}:", classes - 1); // [R, 1]
    NDArray maskedS = maskedT.sub(revealed).maximum(LEAST_SHARE);
    NDArray share = revealed.div(maskedT);
    NDArray rest = share.neg().add(1);
    NDArray oddsT = maskedT.neg().add(1).div(maskedT);
    NDArray oddsS = maskedS.neg().add(1).div(maskedS);
    NDArray t = ofMask.mul(oddsT).add(1);
    NDArray s = ofMask.mul(oddsS).add(1);
    NDArray isAsked = rows.shown().expandDims(1).eq(classes - 1).toType(type, false);
    NDArray own = logP.gather(column, CLASS_AXIS);
    NDArray losses = t.log().sub(share.mul(own)).sub(rest.mul(s.log())).mul(isAsked); // [R, 1]
    // By p_m, then through the softmax; and by log p_x.
    NDArray byMask = oddsT.div(t).sub(rest.mul(oddsS).div(s)).mul(ofMask); // [R, 1]
    NDArray isX = OneHot.of(column, classes, type);
    NDArray isMask = OneHot.of(column.mul(0).add(classes - 1), classes, type);
    NDArray gradient =
        isMask.sub(p).mul(byMask).add(p.sub(isX).mul(share)).mul(isAsked); // [R, V + 1]
    return new Values(losses.squeeze(1), gradient);
  }
}
