// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * A loss written down once, as a formula with its gradient over NDArrays: evaluation takes the
 * values, training both.
 */
public interface FormulaLoss extends RowLoss {

  /**
   * The values of rows.
   *
   * @param losses nats, [R]
   * @param gradient of each row's loss by its logits, [R, V]
   */
  record Values(NDArray losses, NDArray gradient) {}

  /**
   * Returns losses and gradients. All arrays of the computation belong to the manager of {@code
   * logits}, which the caller frees.
   *
   * @param logits float32 [R, V]
   */
  Values values(NDArray logits, AskedRows rows);

  @Override
  default NDArray of(NDArray logits, AskedRows rows) {
    try (NDManager scope = logits.getManager().newSubManager()) {
      scope.tempAttachAll(logits);
      return scope.ret(values(logits, rows).losses());
    }
  }

  @Override
  default NDArray weightedSum(NDManager scope, Logits logits, AskedRows rows, float[] weights) {
    return logits.formula(scope, this, rows, weights);
  }
}
