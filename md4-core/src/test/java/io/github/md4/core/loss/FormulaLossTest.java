// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class FormulaLossTest {
  private static final int ROWS = 5;
  private static final int CLASSES = 7;
  private static final int[] TARGETS = {0, 3, 5, 2, 3};

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** A loss with rows that visit all its cases: y equal to x, not equal, no jump, unmasked. */
  private record Case(FormulaLoss loss, AskedRows rows) {
    @Override
    public String toString() {
      return loss.toString();
    }
  }

  static List<Case> cases() {
    float[] s = {0.9f, 0.5f, 0.3f, 1, 0.8f};
    float[] t = {0.7f, 0.2f, 0.01f, 0.6f, 0.75f};
    float[] masked = {0.3f, 0.8f, 0.99f, 0.4f, 0.25f};
    float[] revealed = {0.2f, 0.3f, 0.29f, 0.4f, 0.05f};
    AskedRows uniform = new AskedRows(TARGETS, new int[] {0, 1, 6, 4, 3}, new float[][] {s, t});
    return List.of(
        new Case(
            new ScoreEntropyLoss(),
            new AskedRows(TARGETS, TARGETS, new float[][] {{0, -1.9f, 1, 0.2f, -3}})),
        new Case(new UniformStepLoss(0), uniform),
        new Case(new UniformStepLoss(0.01), uniform),
        new Case(
            new UniformJumpLoss(),
            new AskedRows(
                TARGETS,
                new int[] {0, 1, 6, 4, 3},
                new float[][] {
                  t, {1, 0.6f, 2, 1, 1}, {0, 3, 0, 4.5f, 0}, {0, 3, 0, 6, 0}, {1, 0, 2, 0, 0.5f}
                })),
        new Case(
            new MaskClassStepLoss(),
            new AskedRows(TARGETS, new int[] {6, 6, 6, 6, 3}, new float[][] {masked, revealed})),
        new Case(
            new GaussianLoss(4),
            new AskedRows(new int[] {0, 3, 2, 2, 1}, TARGETS, new float[][] {{0, 1, 0, 1, 0}})));
  }

  private static double[] logits() {
    double[] u = new Noise(3).uniforms(Purpose.SOURCE, 0, 0, ROWS * CLASSES);
    for (int i = 0; i < u.length; i++) {
      u[i] = 4 * u[i] - 2;
    }
    return u;
  }

  private double[] losses(Case of, double... logits) {
    NDArray array = manager.create(logits, new Shape(ROWS, CLASSES));
    return of.loss.values(array, of.rows.on(array.getManager())).losses().toDoubleArray();
  }

  /** Central differences with this h are good to about 1e-9. */
  @ParameterizedTest
  @MethodSource("cases")
  @Tag("exact")
  void gradient_isTheSlopeOfTheLosses(Case of) {
    double h = 1e-5;
    double[] logits = logits();
    NDArray array = manager.create(logits, new Shape(ROWS, CLASSES));
    double[] gradient =
        of.loss.values(array, of.rows.on(array.getManager())).gradient().toDoubleArray();
    for (int i = 0; i < logits.length; i++) {
      double[] up = logits.clone();
      double[] down = logits.clone();
      up[i] += h;
      down[i] -= h;
      int row = i / CLASSES;
      double slope = (losses(of, up)[row] - losses(of, down)[row]) / (2 * h);
      assertThat(gradient[i]).as("%s, %d", of, i).isCloseTo(slope, within(1e-7));
    }
  }

  /** The loss of a float32 array is that of a float64 one, and nothing is left behind. */
  @ParameterizedTest
  @MethodSource("cases")
  @Tag("exact")
  void of_isTheLossAndLeavesOnlyItsResultBehind(Case of) {
    double[] logits = logits();
    float[] narrow = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      narrow[i] = (float) logits[i];
    }
    double[] expected = losses(of, logits);
    try (NDManager scope = manager.newSubManager()) {
      NDArray array = scope.create(narrow, new Shape(ROWS, CLASSES));
      float[] losses = of.loss.of(array, of.rows).toFloatArray();
      for (int r = 0; r < ROWS; r++) {
        assertThat((double) losses[r]).isCloseTo(expected[r], within(2e-5));
      }
      assertThat(scope.getManagedArrays()).hasSize(2); // the logits and the result
    }
  }

  /** More rows than are computed at once: 300,000 of 71 tokens. */
  @Test
  @Tag("exact")
  void of_isTheSameInChunks() {
    int columns = 71;
    int rows = 300_000;
    assertThat(FormulaLoss.rowsAtOnce(columns)).isBetween(rows / 2, rows - 1);
    int[] targets = new int[rows];
    float[] shifts = new float[rows];
    for (int r = 0; r < rows; r++) {
      targets[r] = r % columns;
      shifts[r] = -4 - r % 3;
    }
    try (NDManager scope = manager.newSubManager()) {
      NDArray logits = scope.zeros(new Shape(rows, columns));
      AskedRows asked = new AskedRows(targets, targets, new float[][] {shifts});
      float[] losses = new ScoreEntropyLoss().of(logits, asked).toFloatArray();
      for (int r = 0; r < rows; r += 9_973) {
        double expected = columns * Math.exp(shifts[r]) - shifts[r] - 1;
        assertThat((double) losses[r]).isCloseTo(expected, within(1e-5));
      }
      assertThat(scope.getManagedArrays()).hasSize(2);
    }
  }

  /** The divergence from sums over all outcomes, in plain loops. */
  @Test
  @Tag("naive")
  void uniformStep_isTheDivergenceOfTheTwoLaws() {
    Case of = cases().get(1);
    double[] losses = losses(of, logits());
    for (int r = 0; r < ROWS; r++) {
      double alphaS = of.rows.facts()[0][r];
      double a = of.rows.facts()[1][r] / alphaS;
      double[] mu = softmax(r);
      double[] q = new double[CLASSES];
      double[] p = new double[CLASSES];
      double sumQ = 0;
      double sumP = 0;
      for (int j = 0; j < CLASSES; j++) {
        double jump = (j == of.rows.shown()[r] ? a : 0) + (1 - a) / CLASSES;
        double c = (1 - alphaS) / CLASSES;
        q[j] = jump * ((j == TARGETS[r] ? alphaS : 0) + c);
        for (int x0 = 0; x0 < CLASSES; x0++) {
          p[j] += jump * mu[x0] * ((j == x0 ? alphaS : 0) + c);
        }
        sumQ += q[j];
        sumP += p[j];
      }
      double expected = 0;
      for (int j = 0; j < CLASSES; j++) {
        expected += q[j] == 0 ? 0 : q[j] / sumQ * Math.log(q[j] / sumQ / (p[j] / sumP));
      }
      assertThat(losses[r]).isCloseTo(expected, within(1e-12));
    }
  }

  @Test
  @Tag("naive")
  void uniformJump_isTheRatesAndTheLogOfTheRateBack() {
    Case of = cases().get(3);
    double[] losses = losses(of, logits());
    float[][] facts = of.rows.facts();
    for (int r = 0; r < ROWS; r++) {
      double[] rho = rho(softmax(r), of.rows.shown()[r], facts[0][r]);
      double rates = 0;
      for (int j = 0; j < CLASSES; j++) {
        rates += j == of.rows.shown()[r] ? 0 : rho[j];
      }
      double back = facts[2][r] == 0 ? 0 : facts[2][r] * Math.log(rho[(int) facts[3][r]]);
      double expected = facts[1][r] * rates / CLASSES - back + facts[4][r];
      assertThat(losses[r]).isCloseTo(expected, within(1e-12));
    }
  }

  /** The sum over clean tokens of q(z_t = j | x0) / q(z_t = y | x0) mu(x0). */
  private static double[] rho(double[] mu, int y, double alpha) {
    double c = (1 - alpha) / CLASSES;
    double[] rho = new double[CLASSES];
    for (int j = 0; j < CLASSES; j++) {
      for (int x0 = 0; x0 < CLASSES; x0++) {
        rho[j] += mu[x0] * ((x0 == j ? alpha : 0) + c) / ((x0 == y ? alpha : 0) + c);
      }
    }
    return rho;
  }

  private static double[] softmax(int row) {
    double[] all = logits();
    double[] mu = new double[CLASSES];
    double sum = 0;
    for (int j = 0; j < CLASSES; j++) {
      mu[j] = Math.exp(all[row * CLASSES + j]);
      sum += mu[j];
    }
    for (int j = 0; j < CLASSES; j++) {
      mu[j] /= sum;
    }
    return mu;
  }

  @Test
  void askedRows_areOfOneLength() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AskedRows(TARGETS, new int[4], new float[0][]));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AskedRows(TARGETS, TARGETS, new float[1][4]));
  }
}
