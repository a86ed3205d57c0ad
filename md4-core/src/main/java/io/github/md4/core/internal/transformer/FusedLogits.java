// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.RowUpload;
import io.github.md4.core.loss.AskedRows;
import io.github.md4.core.loss.FormulaLoss;
import io.github.md4.core.loss.GenMd4Loss;
import io.github.md4.core.loss.Logits;
import java.util.Arrays;

/**
 * The hand-written pass's logits; a loss overwrites them with their gradient.
 *
 * @param logits [R, columns], of which the first {@code vocabularySize} count
 */
record FusedLogits(FusedKernels kernels, Hidden logits, int vocabularySize) implements Logits {
  @Override
  public NDArray crossEntropy(NDManager scope, int[] targets, float[] weights) {
    NDList rows = kernels.uploads().rows(scope, targets, weights);
    NDArray w = rows.get(1);
    try (NDArray losses =
        kernels.pointwise().crossEntropy(scope, logits.array, vocabularySize, rows.get(0), w)) {
      return losses.mul(w).sum();
    }
  }

  /** Takes the rows in chunks, in float32; each chunk's gradient overwrites its logits. */
  @Override
  public NDArray formula(NDManager scope, FormulaLoss loss, AskedRows rows, float[] weights) {
    int chunk = FormulaLoss.rowsAtOnce(vocabularySize);
    NDArray total = scope.zeros(new Shape());
    for (int first = 0; first < rows.count(); first += chunk) {
      int end = Math.min(rows.count(), first + chunk);
      try (NDManager inner = scope.newSubManager()) {
        NDArray some = kernels.one(inner, "logitsFrom", logits.array, first, end, vocabularySize);
        RowUpload given = RowUpload.of(inner, kernels.upload(), rows, weights, first, end);
        FormulaLoss.Values found = loss.values(some, given.rows());
        NDArray gradient = found.gradient().mul(given.weights());
        kernels.change(inner, "overwrite", logits.array, first, gradient);
        NDArray unused = total.addi(found.losses().mul(given.weights().squeeze(1)).sum());
      }
    }
    return total;
  }

  /**
   * Computes the cross-entropy with its gradient, {@code w (mu - 1[v = x])}, and makes of it that
   * of the scores: with {@code Z = sum_v exp(f_v + c)}, which the loss of a row and its own logit
   * tell, {@code w (Z mu - 1[v = x])}.
   */
  @Override
  public NDArray scoreEntropy(NDManager scope, AskedRows rows, float[] weights) {
    NDList given = kernels.uploads().rows(scope, rows.targets(), weights, rows.facts()[0]);
    NDArray x = given.get(0);
    NDArray w = given.get(1);
    NDArray c = given.get(2);
    try (NDManager inner = scope.newSubManager()) {
      NDArray own = kernels.one(inner, "logitOf", logits.array, x);
      NDArray entropy = kernels.pointwise().crossEntropy(inner, logits.array, vocabularySize, x, w);
      NDArray sum = kernels.one(inner, "scoresOf", logits.array, x, w, c, own, entropy);
      sum.attach(scope);
      return sum;
    }
  }

  @Override
  public GenMd4Loss genMd4(NDManager scope, int[] targets, float[] weights, float[] powers) {
    int columns = Math.toIntExact(logits.array.getShape().get(1));
    float[] padded = Arrays.copyOf(powers, columns);
    NDList given = kernels.uploads().rows(scope, targets, weights, padded);
    NDArray w = given.get(1);
    PointwiseKernels.GenMd4Rows rows =
        new PointwiseKernels.GenMd4Rows(given.get(0), w, given.get(2));
    PointwiseKernels.GenMd4Sums sums =
        kernels.pointwise().genMd4(scope, logits.array, vocabularySize, rows);
    return new GenMd4Loss(sums.losses().mul(w).sum(), sums.losses(), sums.byPower());
  }
}
