// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.TimeFloor;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class GenMd4ObjectiveTest {
  private static final int M = 7;
  private static final int[][] X = {{0, 6, 3, 3, 1}, {2, 2, 5, 0, 4}, {1, 1, 6, 4, 0}};
  private static final int[][] ZT = {{M, 6, M, 3, M}, {2, 2, 5, 0, 4}, {M, M, M, M, M}};
  private static final double[] TIMES = {0.6, 0.2, 1};
  private static final GenMd4Schedule SCHEDULE =
      new GenMd4Schedule(new double[] {0.5, 1.5, 1, 2, 0.8, 3, 0.9}, 1e-4);
  private static final MaskedBatch BATCH = new MaskedBatch(new TokenSpace(M), X, ZT, TIMES);

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  /**
   * The paper's form, a sum over the vocabulary: {@code sum_v (-w_v / t) [(ln mu_x + 1) 1(v = x) -
   * mu_v]}.
   */
  @ParameterizedTest
  @EnumSource(TimeFloor.class)
  @Tag("naive")
  void diffusion_isTheSumOverTheVocabulary(TimeFloor floor) {
    FixedDenoiser denoiser = FixedDenoiser.random(15, M);
    double[] ours = new GenMd4Objective(SCHEDULE, floor).diffusion(manager, denoiser, BATCH);
    for (int b = 0; b < X.length; b++) {
      double expected = 0;
      for (int n = 0; n < 5; n++) {
        int position = b * 5 + n;
        expected += ZT[b][n] == M ? row(denoiser, position, X[b][n]) / TIMES[b] : 0;
      }
      expected *= floor == TimeFloor.EXACT ? 0.999 : 1;
      // A row is a sum of float32 numbers of at most 20.
      assertThat(ours[b]).isCloseTo(expected, within(1e-6 * Math.abs(expected)));
    }
    assertThat(ours[1]).isZero();
    assertThat(manager.getManagedArrays()).isEmpty();
  }

  private static double row(FixedDenoiser denoiser, int position, int x) {
    IntToDoubleFunction logMu = v -> -denoiser.crossEntropy(position, v);
    double sum = 0;
    for (int v = 0; v < M; v++) {
      double bracket = (v == x ? logMu.applyAsDouble(x) + 1 : 0) - Math.exp(logMu.applyAsDouble(v));
      sum -= SCHEDULE.power(v) * bracket;
    }
    return sum;
  }

  /** With all powers 1 the bracket's sum is the cross-entropy. */
  @Test
  @Tag("exact")
  void diffusionOfUnitPowers_isTheCrossEntropyOverTheTime() {
    FixedDenoiser denoiser = FixedDenoiser.random(15, M);
    GenMd4Objective unit = new GenMd4Objective(GenMd4Schedule.unit(M, 1e-4), TimeFloor.REFERENCE);
    double[] ours = unit.diffusion(manager, denoiser, BATCH);
    double expected = 0;
    for (int n : new int[] {0, 2, 4}) {
      expected += denoiser.crossEntropy(n, X[0][n]) / TIMES[0];
    }
    assertThat(ours[0]).isCloseTo(expected, within(5e-7 * expected));
  }

  /**
   * One token, and a network that knows its law given that it is masked at t, in proportion to
   * {@code p(v) t^w_v}: then every step of the reverse process is the true one, and the terms from
   * t1 to 1 add up to what is learned in between, {@code I(x; z_t1) - I(x; z_1)}.
   */
  @Test
  @Tag("exact")
  void diffusionOfTheTrueConditionals_isTheInformationGained() {
    double[] p = {0.1, 0.3, 0.05, 0.15, 0.2, 0.12, 0.08};
    Denoiser truth =
        (zt, condition, rows) -> {
          float[] logits = new float[M];
          for (int v = 0; v < M; v++) {
            double t = condition.times()[0];
            logits[v] = (float) (Math.log(p[v]) + SCHEDULE.power(v) * Math.log(t));
          }
          return zt.getManager().create(logits, new Shape(1, M));
        };
    int nodes = 400; // of Simpson's rule in ln t, good to its step's fourth power, 1e-7
    double width = -Math.log(1e-3) / nodes;
    double sum = 0;
    for (int i = 0; i <= nodes; i++) {
      double t = Math.exp(-i * width);
      double simpson = (i == 0 || i == nodes ? 1 : i % 2 == 1 ? 4 : 2) / 3.0 * width * t;
      sum += simpson * expected(p, t, truth);
    }
    double information = information(p, 1e-3) - information(p, 1);
    assertThat(sum).isCloseTo(information, within(2e-6 * information));
    assertThat(information).isGreaterThan(1);
  }

  private double expected(double[] p, double t, Denoiser truth) {
    GenMd4Objective elbo = new GenMd4Objective(SCHEDULE, TimeFloor.REFERENCE);
    double sum = 0;
    for (int v = 0; v < M; v++) {
      MaskedBatch batch =
          new MaskedBatch(
              new TokenSpace(M), new int[][] {{v}}, new int[][] {{M}}, new double[] {t});
      sum += p[v] * SCHEDULE.oneMinusAlpha(t, v) * elbo.diffusion(manager, truth, batch)[0];
    }
    return sum;
  }

  /** {@code I(x; z_t)}: the entropy less that of what is masked. */
  private static double information(double[] p, double t) {
    double masked = 0;
    for (int v = 0; v < M; v++) {
      masked += p[v] * SCHEDULE.oneMinusAlpha(t, v);
    }
    double information = 0;
    for (int v = 0; v < M; v++) {
      double both = p[v] * SCHEDULE.oneMinusAlpha(t, v);
      information += -p[v] * Math.log(p[v]) + both * Math.log(both / masked);
    }
    return information;
  }

  @Test
  @Tag("naive")
  void objectiveWeights_areTheMeanOverTheStepsSequencesInBitsPerToken() {
    float[] weights = new GenMd4Objective(SCHEDULE, TimeFloor.REFERENCE).objectiveWeights(BATCH, 6);
    assertThat(weights).hasSize(8);
    assertThat((double) weights[0]).isCloseTo(1 / 0.6 / (6 * 5) / Math.log(2), within(1e-8));
    assertThat((double) weights[7]).isCloseTo(1.0 / (6 * 5) / Math.log(2), within(1e-8));
  }

  @Test
  @Tag("exact")
  void reconstruction_isTheSumOverTokens() {
    double expected = 2 * SCHEDULE.reconstruction(3);
    for (int token : new int[] {0, 6, 1}) {
      expected += SCHEDULE.reconstruction(token);
    }
    GenMd4Objective elbo = new GenMd4Objective(SCHEDULE, TimeFloor.REFERENCE);
    assertThat(elbo.reconstruction(X[0])).isCloseTo(expected, within(1e-15));
    assertThat(elbo.space()).isEqualTo(new TokenSpace(M));
  }
}
