// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.loss.FrozenLogits;
import java.util.Arrays;

/**
 * The head's product of a pass with frozen weights. The kernels are those of training, which also
 * write a gradient in its place: here of weight zero, for nobody.
 *
 * @param logits [R, columns], of which the first {@code vocabularySize} count
 */
public record FusedFrozenLogits(FusedKernels kernels, Hidden logits, int vocabularySize)
    implements FrozenLogits {

  @Override
  public NDArray exact(NDManager scope) {
    return kernels.inference().logits(scope, logits, vocabularySize);
  }

  @Override
  public NDArray crossEntropy(NDManager scope, int[] targets) {
    NDList rows = kernels.uploads().rows(scope, targets, new float[targets.length]);
    return kernels
        .pointwise()
        .crossEntropy(scope, logits.array, vocabularySize, rows.get(0), rows.get(1));
  }

  @Override
  public NDArray genMd4(NDManager scope, int[] targets, float[] powers) {
    int columns = Math.toIntExact(logits.array.getShape().get(1));
    float[] padded = Arrays.copyOf(powers, columns);
    NDList given = kernels.uploads().rows(scope, targets, new float[targets.length], padded);
    PointwiseKernels.GenMd4Rows rows =
        new PointwiseKernels.GenMd4Rows(given.get(0), given.get(1), given.get(2));
    PointwiseKernels.GenMd4Sums sums =
        kernels.pointwise().genMd4(scope, logits.array, vocabularySize, rows);
    sums.byPower().close();
    return sums.losses();
  }
}
