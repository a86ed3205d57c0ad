// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Gradients from plain loops in double, rounded to bfloat16, right ones and wrong ones. */
@Tag("naive")
final class WeightGradientCheckTest {
  private static final int ROWS = 48;
  private static final int OUT = 7;
  private static final int IN = 11;
  private static final String CAST =
      """
      def narrow(self: __torch__.M, x: Tensor) -> Tensor:
        return x.to(15)
      """;

  private final NDManager manager = NDManager.newBaseManager(Device.cpu());
  private final TorchScript casts = TorchScript.load(manager, Map.of(), CAST);
  private final WeightGradientCheck check = new WeightGradientCheck(manager);

  // Small whole numbers, which bfloat16 has exactly.
  private final float[] dy = numbers(ROWS * OUT, 1);
  private final float[] x = numbers(ROWS * IN, 2);

  @AfterEach
  void close() {
    check.close();
    casts.close();
    manager.close();
  }

  @Test
  void agrees_withTheSumOverAllRows() {
    assertThat(agrees(dy, x, gradient(ROWS, r -> r))).isTrue();
  }

  @Test
  void agrees_notWithTheSumOverAPartOfTheRows() {
    assertThat(agrees(dy, x, gradient(ROWS * 3 / 4, r -> r))).isFalse();
  }

  @Test
  void agrees_notWithRowsOfAnotherPart() {
    assertThat(agrees(dy, x, gradient(ROWS, r -> (r + 1) % ROWS))).isFalse();
  }

  @Test
  void agrees_withZerosOfZerosAlone() {
    float[] zeros = new float[ROWS * OUT];
    assertThat(agrees(zeros, x, new float[OUT * IN])).isTrue();
    float[] wrong = new float[OUT * IN];
    wrong[3] = 1;
    assertThat(agrees(zeros, x, wrong)).isFalse();
  }

  @Test
  void agrees_notWithNaN() {
    float[] wrong = gradient(ROWS, r -> r);
    wrong[5] = Float.NaN;
    assertThat(agrees(dy, x, wrong)).isFalse();
  }

  private boolean agrees(float[] dy, float[] x, float[] ours) {
    return check.agrees(narrow(dy, OUT), narrow(x, IN), narrow(ours, IN));
  }

  /** Returns sums of products of rows of dy with the rows of x at {@code other}. */
  private float[] gradient(int rows, IntUnaryOperator other) {
    float[] sums = new float[OUT * IN];
    for (int o = 0; o < OUT; o++) {
      for (int i = 0; i < IN; i++) {
        double sum = 0;
        for (int r = 0; r < rows; r++) {
          sum += (double) dy[r * OUT + o] * x[other.applyAsInt(r) * IN + i];
        }
        sums[o * IN + i] = (float) sum;
      }
    }
    return sums;
  }

  private static float[] numbers(int count, int seed) {
    Random random = new Random(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = random.nextInt(17) - 8;
    }
    return numbers;
  }

  private NDArray narrow(float[] values, int columns) {
    NDArray wide = manager.create(values, new Shape(values.length / columns, columns));
    return casts.run(manager, "narrow", wide).singletonOrThrow();
  }
}
