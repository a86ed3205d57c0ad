// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Map;
import java.util.Random;

/** Numbers in bfloat16 on a Hopper GPU, given and read as float32. */
final class HopperNumbers {
  private static final String CASTS =
      """
      def narrow(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.to(x, 15)
      def wide(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.to(x, 6)
      def different(self: __torch__.M, x: Tensor, y: Tensor) -> Tensor:
        a = self.wide(x)
        b = self.wide(y)
        sign = torch.ne(torch.signbit(a), torch.signbit(b))  # zeros differ by it alone
        return torch.sum(torch.logical_or(torch.ne(a, b), sign))
      def columnsFrom(self: __torch__.M, x: Tensor, column: int) -> Tensor:
        return torch.slice(x, 1, column).contiguous()
      """;

  private HopperNumbers() {}

  /** Skips a test where there is no Hopper GPU; says what is not tested. */
  static void need(String what) {
    assumeTrue(
        Engine.getInstance().getGpuCount() > 0 && new CudaDevice(0).isHopper(),
        "no Hopper GPU: %s not tested".formatted(what));
  }

  /** Returns what these numbers are made, read and compared by; closed by the caller. */
  static TorchScript casts(NDManager manager) {
    return TorchScript.load(manager, Map.of(), CASTS);
  }

  static NDArray narrow(NDManager manager, TorchScript casts, float[] values, int rows) {
    NDArray array = manager.create(values).reshape(new Shape(rows, -1));
    return casts.run(manager, "narrow", array).singletonOrThrow();
  }

  static float[] wide(NDManager manager, TorchScript casts, NDArray x) {
    return casts.run(manager, "wide", x).singletonOrThrow().toFloatArray();
  }

  /** Returns how many numbers in bfloat16 differ in a bit. */
  static long different(NDManager scope, TorchScript casts, NDArray x, NDArray y) {
    return casts.run(scope, "different", x, y).singletonOrThrow().getLong();
  }

  /** Normal numbers that bfloat16 holds exactly. */
  static float[] random(int size, double scale) {
    Random random = new Random(size);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      int bits = Float.floatToIntBits((float) (scale * random.nextGaussian()));
      values[i] = Float.intBitsToFloat(bits & 0xffff0000);
    }
    return values;
  }

  /** Returns the length of the difference over that of the exact numbers. */
  static double distance(float[] ours, double[] exact) {
    return error(ours, exact) / length(exact);
  }

  /** Returns the length of the difference. */
  static double error(float[] ours, double[] exact) {
    assertThat(ours).hasSize(exact.length);
    double squares = 0;
    for (int i = 0; i < exact.length; i++) {
      squares += (ours[i] - exact[i]) * (ours[i] - exact[i]);
    }
    return Math.sqrt(squares);
  }

  static double length(double[] numbers) {
    double squares = 0;
    for (double number : numbers) {
      squares += number * number;
    }
    return Math.sqrt(squares);
  }
}
