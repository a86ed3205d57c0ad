// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.Upload;
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
    Upload upload = kernels.upload();
    upload.begin(bytes(targets));
    NDArray x = upload.ints(scope, targets, new Shape(targets.length));
    NDArray noWeights = upload.floats(scope, new float[targets.length], x.getShape());
    upload.end();
    return kernels.pointwise().crossEntropy(scope, logits.array, vocabularySize, x, noWeights);
  }

  @Override
  public NDArray genMd4(NDManager scope, int[] targets, float[] powers) {
    int columns = Math.toIntExact(logits.array.getShape().get(1));
    float[] padded = Arrays.copyOf(powers, columns);
    Upload upload = kernels.upload();
    upload.begin(bytes(targets) + (long) columns * Float.BYTES);
    NDArray x = upload.ints(scope, targets, new Shape(targets.length));
    NDArray noWeights = upload.floats(scope, new float[targets.length], x.getShape());
    NDArray w = upload.floats(scope, padded, new Shape(columns));
    upload.end();
    PointwiseKernels.GenMd4Rows rows = new PointwiseKernels.GenMd4Rows(x, noWeights, w);
    PointwiseKernels.GenMd4Sums sums =
        kernels.pointwise().genMd4(scope, logits.array, vocabularySize, rows);
    sums.byPower().close();
    return sums.losses();
  }

  /** Returns the bytes of targets and as many weights. */
  private static long bytes(int... targets) {
    return (long) targets.length * (Integer.BYTES + Float.BYTES);
  }
}
