// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.loss.GenMd4Loss;
import io.github.md4.core.loss.Logits;
import java.util.Arrays;

/**
 * The hand-written pass's logits; a loss overwrites them with their gradient.
 *
 * @param logits [R, columns], of which the first {@code vocabularySize} count
 */
record FusedLogits(PointwiseKernels pointwise, Upload upload, Hidden logits, int vocabularySize)
    implements Logits {

  @Override
  public NDArray crossEntropy(NDManager scope, int[] targets, float[] weights) {
    Shape shape = new Shape(targets.length);
    upload.begin((long) targets.length * (Integer.BYTES + Float.BYTES));
    NDArray x = upload.ints(scope, targets, shape);
    NDArray w = upload.floats(scope, weights, shape);
    upload.end();
    try (NDArray losses = pointwise.crossEntropy(scope, logits.array, vocabularySize, x, w)) {
      return losses.mul(w).sum();
    }
  }

  @Override
  public GenMd4Loss genMd4(NDManager scope, int[] targets, float[] weights, float[] powers) {
    Shape shape = new Shape(targets.length);
    int columns = Math.toIntExact(logits.array.getShape().get(1));
    upload.begin(
        (long) targets.length * (Integer.BYTES + Float.BYTES) + (long) columns * Float.BYTES);
    NDArray x = upload.ints(scope, targets, shape);
    NDArray w = upload.floats(scope, weights, shape);
    float[] padded = Arrays.copyOf(powers, columns);
    NDArray ofTokens = upload.floats(scope, padded, new Shape(columns));
    upload.end();
    PointwiseKernels.GenMd4Rows rows = new PointwiseKernels.GenMd4Rows(x, w, ofTokens);
    PointwiseKernels.GenMd4Sums sums = pointwise.genMd4(scope, logits.array, vocabularySize, rows);
    return new GenMd4Loss(sums.losses().mul(w).sum(), sums.losses(), sums.byPower());
  }
}
