// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.law.TokenLaw;

/**
 * The draw of a step by scores: E uniforms a row, then the logarithm of the scores' factor. What is
 * not a token is the mask. BD3-LM's code divides by a time of 0 at the last point of its steps and
 * takes token 0; ours draws a token there.
 */
record CategoricalDraw(boolean isNormalised, boolean isZeroAtLast) implements RowDraw {
  private static final double TINY = 1e-10;

  CategoricalDraw(boolean isNormalised) {
    this(isNormalised, false);
  }

  @Override
  public NDArray draw(
      DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise) {
    long entries = noise.getShape().get(0) - 1;
    NDArray f = logits.toType(DataType.FLOAT64, false); // [R, V]
    NDArray u = noise.get("0:" + entries).transpose(); // [R, E]
    NDArray logFactor = noise.get(entries).expandDims(1); // [R, 1]
    double factor = logFactor.getDouble(0, 0);
    if (factor == Double.POSITIVE_INFINITY) {
      boolean isLikeliest = u.getDouble(0, 0) < 0;
      if (isZeroAtLast) {
        return draws(f.argMax(1).mul(0));
      }
      NDArray mu = f.softmax(1);
      return draws(isLikeliest ? f.argMax(1) : largest(mu, u.get(":, 0:" + f.getShape().get(1))));
    }
    NDArray scores = (isNormalised ? f.logSoftmax(1) : f).add(logFactor).exp();
    NDArray stays = scores.sum(new int[] {1}, true).neg().add(1); // [R, 1]
    return draws(largest(scores.concat(stays, 1), u));
  }

  /** Returns the largest of {@code q_y / (tiny - ln(u_y + tiny))} a row; all are [R, E]. */
  static NDArray largest(NDArray q, NDArray u) {
    return q.div(u.add(TINY).log().neg().add(TINY)).argMax(1);
  }

  static NDArray draws(NDArray tokens) {
    NDArray all = tokens.toType(DataType.FLOAT64, false).expandDims(0);
    return NDArrays.concat(new NDList(all, all, all), 0);
  }
}
