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
    Uploaded given = uploaded(scope, targets, new float[0]);
    return kernels
        .pointwise()
        .crossEntropy(scope, logits.array, vocabularySize, given.targets, given.weights);
  }

  @Override
  public NDArray genMd4(NDManager scope, int[] targets, float[] powers) {
    int columns = Math.toIntExact(logits.array.getShape().get(1));
    Uploaded given = uploaded(scope, targets, Arrays.copyOf(powers, columns));
    PointwiseKernels.GenMd4Rows rows =
        new PointwiseKernels.GenMd4Rows(given.targets, given.weights, given.powers);
    PointwiseKernels.GenMd4Sums sums =
        kernels.pointwise().genMd4(scope, logits.array, vocabularySize, rows);
    sums.byPower().close();
    return sums.losses();
  }

  /**
   * What the kernels read, on the device.
   *
   * @param targets int32 [R]
   * @param weights zeros, float32 [R]
   * @param powers float32 [columns], or empty
   */
  private record Uploaded(NDArray targets, NDArray weights, NDArray powers) {}

  private Uploaded uploaded(NDManager scope, int[] targets, float... powers) {
    Shape shape = new Shape(targets.length);
    Upload upload = kernels.upload();
    upload.begin(
        (long) targets.length * (Integer.BYTES + Float.BYTES) + (long) powers.length * Float.BYTES);
    NDArray x = upload.ints(scope, targets, shape);
    NDArray zeros = upload.floats(scope, new float[targets.length], shape);
    NDArray w = upload.floats(scope, powers, new Shape(powers.length));
    upload.end();
    return new Uploaded(x, zeros, w);
  }
}
