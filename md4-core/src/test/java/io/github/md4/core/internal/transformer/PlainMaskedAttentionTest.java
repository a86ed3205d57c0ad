// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static io.github.md4.core.internal.transformer.HopperNumbers.distance;
import static io.github.md4.core.internal.transformer.HopperNumbers.random;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.BufferPool;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link PlainMaskedAttention} against {@link NaiveAttention}, plain loops in double. */
@Tag("naive")
final class PlainMaskedAttentionTest {
  private static final int SEED = -987654321; // the network's seeds are of either sign
  private static final int WIDTH = 8;

  /** Rounding to float32, along sums of some dozen terms. */
  private static final double ROUNDING = 1e-6;

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.3})
  void outputAndGradients_areThoseOfPlainLoops(double rate) {
    NaiveAttention.Shape shape = new NaiveAttention.Shape(2, 19, 6, 3);
    float[] qkv = random(shape.qkvSize(WIDTH), 1.5);
    float[] gradient = random(shape.outputSize(WIDTH), 1);
    NaiveAttention exact = new NaiveAttention(shape, WIDTH, false, rate, SEED).of(qkv, gradient);
    FusedKernels.Options options =
        new FusedKernels.Options(
            new TransformerKernels.Options(
                Precision.FLOAT32, Activation.GLU, 6, 3, WIDTH, false, 1e-5),
            new TransformerKernels.Dropout(0, 0, rate),
            Precision.FLOAT32);
    try (NDManager manager = NDManager.newBaseManager();
        BufferPool pool = new BufferPool.Fresh(manager, Precision.FLOAT32);
        PlainPointwiseKernels pointwise =
            new PlainPointwiseKernels(manager, options.network(), pool);
        PlainMaskedAttention attention = new PlainMaskedAttention(manager, options)) {
      attention.turnBy(pointwise);
      NDArray x = manager.create(qkv).reshape(2 * 19, -1);
      NDArray dy = manager.create(gradient).reshape(2 * 19, -1);
      NDList rotary = NaiveAttention.rotary(manager, 19, WIDTH);
      NDList forward = attention.attend(manager, x, 19, SEED);
      NDArray dx = attention.attendBackward(manager, dy, x, forward, rotary, SEED);
      assertThat(distance(forward.get(0).toFloatArray(), exact.output())).isLessThan(ROUNDING);
      assertThat(distance(dx.toFloatArray(), exact.gradients())).isLessThan(ROUNDING);
    }
  }
}
