// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.CudaDevice;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Gradients by weights in parts of their sum, against libtorch's in float32. */
@Tag("gpu")
final class SplitWeightGradientsGpuTest {
  /** One rounding to bfloat16; parts are float32. */
  private static final double ROUNDING = 0x1p-9;

  private static final String TEXT =
      """
      def narrow(self: __torch__.M, x: Tensor) -> Tensor:
        return x.to(15)
      def distance(self: __torch__.M, dy: Tensor, x: Tensor, ours: Tensor) -> Tensor:
        expected = torch.mm(dy.to(6).t(), x.to(6))
        return torch.div(torch.norm(torch.sub(ours.to(6), expected)), torch.norm(expected))
      def difference(self: __torch__.M, one: Tensor, other: Tensor) -> Tensor:
        return torch.norm(torch.sub(one.to(6), other.to(6)))
      """;

  /** Products that compute nothing, so that parts are always faster. */
  private record None() implements Products {
    @Override
    public NDArray product(NDManager scope, NDArray x, NDArray w) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: its products are not tested");
  }

  @Test
  void weightGradient_isInPartsFromTheSecondCallOfASizeOn() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript script = TorchScript.load(manager, Map.of(), TEXT);
        Products split = SplitWeightGradients.before(new None(), manager, new CudaDevice(0))) {
      NDArray x = random(manager, script, 12_288, 1024);
      NDArray dy = random(manager, script, 12_288, 1032);
      NDArray into = random(manager, script, 1032, 1024);
      assertThat(split.weightGradient(dy, x, into)).isFalse();
      assertThat(split.weightGradient(dy, x, into)).isTrue();
      assertThat(distance(script, dy, x, into)).isLessThan(ROUNDING);

      NDArray again = random(manager, script, 1032, 1024);
      assertThat(split.weightGradient(dy, x, again)).isTrue();
      assertThat(number(script, "difference", into, again)).isZero();
    }
  }

  @Test
  void weightGradient_ofRowsThatNoPartsDivideIsLeftToOthers() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript script = TorchScript.load(manager, Map.of(), TEXT);
        Products split = SplitWeightGradients.before(new None(), manager, new CudaDevice(0))) {
      NDArray x = random(manager, script, 12_289, 1024);
      NDArray dy = random(manager, script, 12_289, 1032);
      NDArray into = random(manager, script, 1032, 1024);
      for (int i = 0; i < 3; i++) {
        assertThat(split.weightGradient(dy, x, into)).isFalse();
      }
    }
  }

  private static NDArray random(NDManager manager, TorchScript script, int rows, int columns) {
    Random random = new Random(rows + columns);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    NDArray wide = manager.create(values, new Shape(rows, columns));
    return script.run(manager, "narrow", wide).singletonOrThrow();
  }

  private static double distance(TorchScript script, NDArray dy, NDArray x, NDArray ours) {
    return number(script, "distance", dy, x, ours);
  }

  private static double number(TorchScript script, String function, NDArray... arguments) {
    return script
        .run(arguments[0].getManager(), function, (Object[]) arguments)
        .singletonOrThrow()
        .getFloat();
  }
}
