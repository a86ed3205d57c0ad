// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;

/**
 * A step back of discrete diffusion with uniform noise (Austin et al., 2021; Hoogeboom et al.,
 * 2021), in nats: with {@code a = alpha_t / alpha_s}, {@code b = (1 - a) / V}, {@code c = (1 -
 * alpha_s) / V} and the shown token y,
 *
 * <pre>{@code
 * q(z_s = j | y, x)  ~  (a 1[j = y] + b) (alpha_s 1[j = x] + c)
 * p(z_s = j | y)     ~  (a 1[j = y] + b) (alpha_s mu_j + c)
 * loss = KL(q || p) + auxiliary * -log mu_x
 * }</pre>
 *
 * <p>p is {@code q(y | z_s)} times the sum over clean tokens of {@code q(z_s | x0) mu(x0)}, and no
 * mixture of the posteriors {@code q(z_s | y, x0)}. In float64, since a step's divergence is a
 * small difference.
 *
 * <p>The facts of a row are alpha_s and alpha_t.
 *
 * @param auxiliary the factor of the cross-entropy, D3PM's lambda; 0 for the bound
 */
public record UniformStepLoss(double auxiliary) implements FormulaLoss {
  private static final int VOCABULARY_AXIS = 1;
  private static final int[] VOCABULARY = {VOCABULARY_AXIS};

  /**
   * Checks the factor.
   *
   * @param auxiliary the factor of the cross-entropy, D3PM's lambda; 0 for the bound
   * @throws IllegalArgumentException if {@code auxiliary} is negative or not finite
   */
  public UniformStepLoss {
    if (!(auxiliary >= 0 && auxiliary < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("auxiliary must be at least 0: " + auxiliary);
    }
  }

  @Override
  public Values values(NDArray logits, AskedRows.OnDevice rows) {
    DataType type = logits.getDataType();
    long v = logits.getShape().get(1);
    NDArray alphaS = wide(rows.fact(0)); // [R, 1]
    NDArray alphaT = wide(rows.fact(1)); // [R, 1]
    NDArray logMu = wide(logits).logSoftmax(VOCABULARY_AXIS); // [R, V]
    NDArray mu = logMu.exp();
    NDArray isX = OneHot.of(rows.targets().expandDims(1), v, DataType.FLOAT64);
    NDArray isY = OneHot.of(rows.shown().expandDims(1), v, DataType.FLOAT64);
    NDArray a = alphaT.div(alphaS);
    NDArray jump = isY.mul(a).add(a.neg().add(1).div(v)); // q(y | z_s = j), [R, V]
    NDArray c = alphaS.neg().add(1).div(v);
    NDArray clean = isX.mul(alphaS).add(c); // q(z_s = j | x), [R, V]
    NDArray guess = mu.mul(alphaS).add(c); // [R, V]
    NDArray joint = jump.mul(clean);
    NDArray guessed = jump.mul(guess);
    NDArray q = joint.div(joint.sum(VOCABULARY, true));
    NDArray ofGuess = guessed.sum(VOCABULARY, true); // p(y), [R, 1]
    NDArray logP = guessed.log().sub(ofGuess.log());
    NDArray crossEntropy = logMu.mul(isX).sum(VOCABULARY).neg(); // [R]
    NDArray losses = entropyTerm(q).sub(zeroWhereNone(q, logP)).sum(VOCABULARY);
    // By mu_j: alpha_s (jump_j / p(y) - q_j / guess_j).
    NDArray byMu = jump.div(ofGuess).sub(q.div(guess)).mul(alphaS);
    NDArray byLogit = byMu.sub(byMu.mul(mu).sum(VOCABULARY, true)).mul(mu); // [R, V]
    return new Values(
        losses.add(crossEntropy.mul(auxiliary)).toType(type, false),
        byLogit.add(mu.sub(isX).mul(auxiliary)).toType(type, false));
  }

  /** Returns {@code q log q}, 0 where q is 0. */
  private static NDArray entropyTerm(NDArray q) {
    return zeroWhereNone(q, q.maximum(Double.MIN_NORMAL).log());
  }

  /** Returns {@code q x}, 0 where q is 0 whatever x is. */
  private static NDArray zeroWhereNone(NDArray q, NDArray x) {
    return NDArrays.where(q.gt(0), q.mul(x), q.mul(0));
  }

  private static NDArray wide(NDArray array) {
    return array.toType(DataType.FLOAT64, false);
  }
}
