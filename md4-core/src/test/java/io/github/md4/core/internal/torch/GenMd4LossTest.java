// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.loss.GenMd4Loss;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The rows' losses and both gradients against plain loops and their central differences. */
@Tag("naive")
final class GenMd4LossTest {
  private static final int ROWS = 5;
  private static final int V = 7;
  private static final int[] TARGETS = {3, 0, 6, 3, 2};
  private static final float[] WEIGHTS = {0.5f, 2, 0, 1.25f, 0.125f};
  private static final float[] POWERS = {0.5f, 1.5f, 1, 2.25f, 0.75f, 3, 0.875f};

  /** Of sums of some float32 numbers below 10. */
  private static final double ROUNDING = 3e-6;

  private final double[] logits = logits();

  private static double[] logits() {
    double[] logits = new Noise(61).uniforms(Purpose.SOURCE, 0, 0, ROWS * V);
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (6 * logits[i] - 3);
    }
    return logits;
  }

  @Test
  void recorded_isThePlainLoop() {
    try (NDManager manager = NDManager.newBaseManager();
        LossKernels kernels = new LossKernels(manager)) {
      RecordedLogits recorded =
          new RecordedLogits(
              kernels, Upload.of(manager), manager.create(narrow(logits), new Shape(ROWS, V)));
      try (GenMd4Loss loss = recorded.genMd4(manager, TARGETS, WEIGHTS, POWERS)) {
        assertThat((double) loss.sum().getFloat())
            .isCloseTo(total(logits, POWERS), within(ROUNDING));
        checkRows(loss.ofRows().toFloatArray());
        checkByLogits(recorded.gradient().toFloatArray());
        checkByPower(loss.byPower().toFloatArray());
      }
    }
  }

  @Test
  void recorded_leavesItsResultsBehindAlone() {
    try (NDManager manager = NDManager.newBaseManager();
        LossKernels kernels = new LossKernels(manager);
        NDManager scope = manager.newSubManager()) {
      RecordedLogits recorded =
          new RecordedLogits(
              kernels, Upload.of(manager), scope.create(narrow(logits), new Shape(ROWS, V)));
      GenMd4Loss loss = recorded.genMd4(scope, TARGETS, WEIGHTS, POWERS);
      assertThat(scope.getManagedArrays())
          .containsExactlyInAnyOrder(
              recorded.values(), recorded.gradient(), loss.sum(), loss.ofRows(), loss.byPower());
    }
  }

  private void checkRows(float[] ofRows) {
    for (int r = 0; r < ROWS; r++) {
      double expected = row(logits, POWERS, r);
      assertThat((double) ofRows[r]).isCloseTo(expected, within(ROUNDING));
    }
  }

  private void checkByLogits(float[] gradient) {
    double h = 1e-5;
    for (int i = 0; i < logits.length; i++) {
      double[] up = logits.clone();
      double[] down = logits.clone();
      up[i] += h;
      down[i] -= h;
      double slope = (total(up, POWERS) - total(down, POWERS)) / (2 * h);
      assertThat((double) gradient[i]).as("logit %d", i).isCloseTo(slope, within(ROUNDING));
    }
  }

  /** The loss is linear in the powers, so that any step gives its slope. */
  private void checkByPower(float[] gradient) {
    for (int v = 0; v < V; v++) {
      float[] up = POWERS.clone();
      up[v] += 1;
      double slope = total(logits, up) - total(logits, POWERS);
      assertThat((double) gradient[v]).as("power %d", v).isCloseTo(slope, within(ROUNDING));
    }
  }

  private static double total(double[] logits, float[] powers) {
    double sum = 0;
    for (int r = 0; r < ROWS; r++) {
      sum += WEIGHTS[r] * row(logits, powers, r);
    }
    return sum;
  }

  private static double row(double[] logits, float[] powers, int r) {
    double mass = 0;
    double powered = 0;
    for (int v = 0; v < V; v++) {
      double e = Math.exp(logits[r * V + v]);
      mass += e;
      powered += e * powers[v];
    }
    double entropy = Math.log(mass) - logits[r * V + TARGETS[r]];
    return powers[TARGETS[r]] * (entropy - 1) + powered / mass;
  }

  private static float[] narrow(double[] wide) {
    float[] narrow = new float[wide.length];
    for (int i = 0; i < wide.length; i++) {
      narrow[i] = (float) wide[i];
    }
    return narrow;
  }
}
