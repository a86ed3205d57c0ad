// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.loss.AskedRows;
import io.github.md4.core.loss.FormulaLoss;
import io.github.md4.core.loss.GenMd4Loss;
import io.github.md4.core.loss.Logits;
import java.util.Arrays;

/** Recorded logits, float32 [R, V]. */
public final class RecordedLogits implements Logits {
  private final LossKernels kernels;
  private final Upload upload;
  private final NDArray values;
  private NDArray gradient;

  /**
   * @param values the recorded logits; they stay the caller's
   */
  public RecordedLogits(LossKernels kernels, Upload upload, NDArray values) {
    this.kernels = kernels;
    this.upload = upload;
    this.values = values;
  }

  /** Returns the logits themselves. */
  public NDArray values() {
    return values;
  }

  /**
   * Returns the gradient of the loss by the logits.
   *
   * @throws IllegalStateException if no loss has been computed
   */
  public NDArray gradient() {
    if (gradient == null) {
      throw new IllegalStateException("no loss has been computed from these logits");
    }
    return gradient;
  }

  @Override
  public NDArray crossEntropy(NDManager scope, int[] targets, float[] weights) {
    upload.begin(bytes(targets));
    try (NDArray x = longs(scope, targets);
        NDArray w = floats(scope, weights)) {
      upload.end();
      NDList both = kernels.crossEntropy(scope, values, x, w);
      gradient = both.get(1);
      return both.get(0);
    }
  }

  @Override
  public NDArray formula(NDManager scope, FormulaLoss loss, AskedRows rows, float[] weights) {
    int chunk = FormulaLoss.rowsAtOnce(values.getShape().get(1));
    NDList gradients = new NDList();
    NDArray total = scope.zeros(new Shape());
    for (int first = 0; first < rows.count(); first += chunk) {
      int end = Math.min(rows.count(), first + chunk);
      try (NDManager inner = scope.newSubManager()) {
        NDArray plain = values.stopGradient();
        plain.attach(inner);
        NDArray some = plain.get(new NDIndex("{}:{}", first, end));
        RowUpload given = RowUpload.of(inner, upload, rows, weights, first, end);
        FormulaLoss.Values found = loss.values(some, given.rows());
        NDArray ofChunk = found.gradient().mul(given.weights()); // [r, V]
        ofChunk.attach(scope);
        gradients.add(ofChunk);
        NDArray unused = total.addi(found.losses().mul(given.weights().squeeze(1)).sum());
      }
    }
    gradient = gradients.size() == 1 ? gradients.get(0) : joined(scope, gradients);
    return total;
  }

  private static NDArray joined(NDManager scope, NDList parts) {
    NDArray joined = NDArrays.concat(parts);
    joined.attach(scope);
    parts.close();
    return joined;
  }

  @Override
  public GenMd4Loss genMd4(NDManager scope, int[] targets, float[] weights, float[] powers) {
    upload.begin(bytes(targets) + (long) powers.length * Float.BYTES);
    try (NDArray x = longs(scope, targets);
        NDArray w = floats(scope, weights);
        NDArray ofTokens = floats(scope, powers)) {
      upload.end();
      NDList all = kernels.genMd4(scope, values, x, w, ofTokens);
      gradient = all.get(1);
      return new GenMd4Loss(all.get(0), all.get(2), all.get(3));
    }
  }

  private static long bytes(int[] targets) {
    return (long) targets.length * (Long.BYTES + Float.BYTES);
  }

  private NDArray longs(NDManager scope, int[] tokens) {
    long[] longs = Arrays.stream(tokens).asLongStream().toArray();
    return upload.longs(scope, longs, new Shape(longs.length));
  }

  private NDArray floats(NDManager scope, float[] numbers) {
    return upload.floats(scope, numbers, new Shape(numbers.length));
  }
}
