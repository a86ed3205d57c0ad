// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.TimeFloor;
import java.util.Arrays;
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
    double[] ours = values(new GenMd4Objective(SCHEDULE, floor), denoiser);
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
    double[] ours = values(unit, denoiser);
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
      QueryBatch batch = Queries.of(elbo, new int[][] {{v}}, new int[][] {{M}}, uniform(t));
      float[] losses = batch.losses(manager, truth, elbo.rowLoss());
      sum += p[v] * SCHEDULE.oneMinusAlpha(t, v) * batch.values(losses)[0];
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

  /** Queries at the times of the list. */
  private static QueryBatch batch(GenMd4Objective elbo) {
    return Queries.of(
        elbo, X, ZT, Arrays.stream(TIMES).map(GenMd4ObjectiveTest::uniform).toArray());
  }

  /** The uniform that {@link TimeFloor#time} turns into a time. */
  private static double uniform(double t) {
    return (t - GenMd4Schedule.TIME_FLOOR) / (1 - GenMd4Schedule.TIME_FLOOR);
  }

  private double[] values(GenMd4Objective elbo, Denoiser denoiser) {
    QueryBatch batch = batch(elbo);
    return batch.values(batch.losses(manager, denoiser, elbo.rowLoss()));
  }

  @Test
  @Tag("naive")
  void rowWeights_areTheMeanOverTheStepsSequencesInBitsPerToken() {
    float[] weights = batch(new GenMd4Objective(SCHEDULE, TimeFloor.REFERENCE)).rowWeights(6);
    assertThat(weights).hasSize(8);
    assertThat((double) weights[0]).isCloseTo(1 / 0.6 / (6 * 5) / Math.log(2), within(1e-8));
    assertThat((double) weights[7]).isCloseTo(1.0 / (6 * 5) / Math.log(2), within(1e-8));
  }

  @Test
  @Tag("exact")
  void known_isTheReconstructionOfAToken() {
    GenMd4Objective elbo = new GenMd4Objective(SCHEDULE, TimeFloor.REFERENCE);
    for (int token = 0; token < M; token++) {
      assertThat(elbo.known(token)).isEqualTo(SCHEDULE.reconstruction(token));
    }
    assertThat(elbo.space()).isEqualTo(new TokenSpace(M));
  }

  /** The critical power itself is masked. */
  @Test
  @Tag("exact")
  void queryAt_masksUpToTheCriticalPower() {
    GenMd4Objective elbo = new GenMd4Objective(SCHEDULE, TimeFloor.EXACT);
    double[] critical = {0.5, Math.nextDown(0.5), 2, 1.9, 3};
    assertThat(elbo.queryAt(new int[] {0, 0, 3, 3, 3}, 0.5, critical).positions())
        .containsExactly(0, 2, 4);
  }

  /** Noise that became critical powers ahead gives the query of the powers of the moment. */
  @Test
  @Tag("exact")
  void queryAt_isTheQueryOfThePowersOfTheMoment() {
    double[] u = new Noise(73).uniforms(Purpose.SOURCE, 0, 0, X[0].length);
    double t = TimeFloor.time(0.4);
    double[] critical =
        Arrays.stream(u).map(each -> GenMd4Schedule.criticalPower(t, each, 1e-4)).toArray();
    int last = X[0].length;
    for (double power : new double[] {0.01, 0.6, 50}) {
      double[] powers = new double[M];
      Arrays.fill(powers, power);
      GenMd4Objective now = new GenMd4Objective(new GenMd4Schedule(powers, 1e-4), TimeFloor.EXACT);
      Query query = now.queryAt(X[0], t, critical);
      Query whole = now.query(X[0], 0.4, u);
      assertThat(query.zt()).containsExactly(whole.zt());
      assertThat(query.positions()).containsExactly(whole.positions());
      assertThat(query.weight()).isEqualTo(whole.weight());
      assertThat(query.positions().length).isLessThanOrEqualTo(last);
      last = query.positions().length;
    }
    assertThat(last).isZero();
  }
}
