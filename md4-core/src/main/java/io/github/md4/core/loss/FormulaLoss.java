// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;

/**
 * A loss written down once, as a formula with its gradient over NDArrays: evaluation takes the
 * values, training both.
 */
public interface FormulaLoss extends RowLoss {
  /** As many logits are computed with at once: 64 MiB of float32. */
  long CHUNK = 1L << 24;

  /**
   * The losses of rows and their gradient. Both arrays belong to the manager of the logits.
   *
   * @param losses the losses of the rows, nats, float32 [R]
   * @param gradient the gradient of each row's loss by its logits, float32 [R, V]
   */
  record Values(NDArray losses, NDArray gradient) {}

  /**
   * {@return losses and gradients} All arrays of the computation belong to the manager of {@code
   * logits}, which the caller frees.
   *
   * @param logits unnormalised log-probabilities, float32 [R, V]
   * @param rows the asked rows on its device: targets, tokens shown, facts; R of them
   */
  Values values(NDArray logits, AskedRows.OnDevice rows);

  /**
   * {@return how many rows are computed at once, so that a formula's arrays stay small}
   *
   * @param columns the numbers in a row of the formula's arrays, at least 1
   */
  static int rowsAtOnce(long columns) {
    return (int) Math.max(1, CHUNK / columns);
  }

  @Override
  default NDArray of(NDArray logits, AskedRows rows) {
    int chunk = rowsAtOnce(logits.getShape().get(1));
    try (NDManager scope = logits.getManager().newSubManager()) {
      scope.tempAttachAll(logits);
      NDList losses = new NDList();
      for (int first = 0; first < rows.count(); first += chunk) {
        int end = Math.min(rows.count(), first + chunk);
        NDArray some = logits.get(new NDIndex("{}:{}", first, end));
        losses.add(lossesAlone(some, rows.range(first, end)));
      }
      return scope.ret(losses.size() == 1 ? losses.get(0) : NDArrays.concat(losses));
    }
  }

  /** Returns the losses of some rows, and frees all else that is computed for them. */
  private NDArray lossesAlone(NDArray logits, AskedRows rows) {
    try (NDManager scope = logits.getManager().newSubManager()) {
      scope.tempAttachAll(logits);
      return scope.ret(values(logits, rows.on(scope)).losses());
    }
  }

  @Override
  default NDArray weightedSum(NDManager scope, Logits logits, AskedRows rows, float[] weights) {
    return logits.formula(scope, this, rows, weights);
  }
}
