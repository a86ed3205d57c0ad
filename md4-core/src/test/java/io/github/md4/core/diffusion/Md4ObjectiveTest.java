// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class Md4ObjectiveTest {
  private static final TokenSpace SPACE = new TokenSpace(7);
  private static final int BATCH = 3;
  private static final int LENGTH = 5;
  private static final int M = 7;
  private static final int[][] X = {{0, 6, 3, 3, 1}, {2, 2, 5, 0, 4}, {1, 1, 6, 4, 0}};
  private static final int[][] ZT = {{M, 6, M, 3, M}, {2, 2, 5, 0, 4}, {M, M, M, M, M}};
  private static final double[] TIMES = {0.6, 0.2, 1};

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static List<Md4Objective> bounds() {
    return List.of(
        bound(new Curve.Linear(), new TimeAxis.Continuous()),
        bound(new Curve.Cosine(), new TimeAxis.Continuous()),
        bound(new Curve.Linear(), new TimeAxis.Discrete(5)),
        bound(new Curve.Polynomial(3), new TimeAxis.Discrete(5)));
  }

  private static Md4Objective bound(Curve curve, TimeAxis axis) {
    return new Md4Objective(SPACE, new MaskingSchedule(curve), axis);
  }

  /** The weight in the reference's two forms, the sum over masked positions in a loop. */
  @ParameterizedTest
  @MethodSource("bounds")
  @Tag("naive")
  void diffusion_isThePlainLoop(Md4Objective elbo) {
    FixedDenoiser denoiser = FixedDenoiser.random(BATCH * LENGTH, M);
    QueryBatch batch = batch(elbo);
    double[] ours = batch.values(batch.losses(manager, denoiser, elbo.rowLoss()));
    for (int b = 0; b < BATCH; b++) {
      double sum = 0;
      for (int n = 0; n < LENGTH; n++) {
        sum += ZT[b][n] == M ? denoiser.crossEntropy(b * LENGTH + n, X[b][n]) : 0;
      }
      double expected = -naiveWeight(elbo, TIMES[b]) * sum;
      // Each cross-entropy is a float32 number, good to 2 units of its last place.
      assertThat(ours[b]).isCloseTo(expected, within(2.4e-7 * expected));
    }
    assertThat(ours[1]).isZero();
  }

  private static double naiveWeight(Md4Objective elbo, double t) {
    MaskingSchedule schedule = elbo.schedule();
    if (elbo.axis() instanceof TimeAxis.Discrete discrete) {
      double s = t - 1.0 / discrete.steps();
      return discrete.steps()
          * Math.expm1(schedule.logSnr(t) - schedule.logSnr(s))
          * schedule.alpha(s);
    }
    return schedule.alphaPrime(t) / (1 - schedule.alpha(t));
  }

  @ParameterizedTest
  @MethodSource("bounds")
  @Tag("naive")
  void objective_isTheMeanOverTheStepsExamplesInBitsPerToken(Md4Objective elbo) {
    FixedDenoiser denoiser = FixedDenoiser.random(BATCH * LENGTH, M);
    QueryBatch batch = batch(elbo);
    int ofStep = 2 * BATCH;
    float[] weights = batch.rowWeights(ofStep);
    double objective = 0;
    int row = 0;
    for (int b = 0; b < BATCH; b++) {
      for (int n = 0; n < LENGTH; n++) {
        if (ZT[b][n] == M) {
          objective += weights[row++] * denoiser.crossEntropy(b * LENGTH + n, X[b][n]);
        }
      }
    }
    assertThat(row).isEqualTo(weights.length);
    double expected = 0;
    for (double nats : batch.values(batch.losses(manager, denoiser, elbo.rowLoss()))) {
      expected += nats / Math.log(2) / LENGTH / ofStep;
    }
    // Weights and cross-entropies are float32 numbers.
    assertThat(objective).isCloseTo(expected, within(3e-7 * expected));
  }

  @Test
  @Tag("exact")
  void terms_addUp() {
    Md4Objective elbo = bound(new Curve.Linear(), new TimeAxis.Continuous());
    BoundTerms terms = elbo.terms(1.25);
    assertThat(terms.reconstruction()).isCloseTo(1e-4 * Math.log(7), within(1e-15));
    assertThat(terms.prior()).isZero();
    assertThat(terms.total()).isCloseTo(1.25 + 1e-4 * Math.log(7), within(1e-15));
  }

  @Test
  @Tag("exact")
  void query_masksWhatTheForwardProcessMasks() {
    double[] u = {0.3, 0.9, 0.41, 0.39, 0.05};
    Md4Objective elbo = bound(new Curve.Linear(), new TimeAxis.Continuous());
    Query query = elbo.query(X[0], 0.6, u);
    assertThat(query.zt()).containsExactly(0, M, M, 3, 1);
    assertThat(query.zt())
        .containsExactly(new ForwardProcess(SPACE, elbo.schedule()).mask(X[0], 0.6, u));
    assertThat(query.positions()).containsExactly(1, 2);
    assertThat(query.time()).isEqualTo(0.6);
    assertThat(elbo.query(X[0], 0.6, new double[] {0.9, 0.9}).positions()).containsExactly(0, 1);
    assertThat(bound(new Curve.Linear(), new TimeAxis.Discrete(5)).query(X[0], 0.5, u).time())
        .isEqualTo(0.6);
  }

  @Test
  @Tag("exact")
  void relationTo_isThatOfItsOwnContinuousForm() {
    Md4Objective steps = bound(new Curve.Linear(), new TimeAxis.Discrete(5));
    Md4Objective continuous = bound(new Curve.Linear(), new TimeAxis.Continuous());
    assertThat(steps.relationTo(continuous)).isEqualTo(Objective.Relation.COARSER);
    assertThat(continuous.relationTo(continuous)).isEqualTo(Objective.Relation.NONE);
    assertThat(continuous.relationTo(steps)).isEqualTo(Objective.Relation.NONE);
    assertThat(steps.relationTo(bound(new Curve.Cosine(), new TimeAxis.Continuous())))
        .isEqualTo(Objective.Relation.NONE);
    assertThat(new AnyOrderObjective(SPACE, continuous.schedule()).relationTo(continuous))
        .isEqualTo(Objective.Relation.EQUAL_WITHIN_ENDS);
  }

  /** Queries at the times of the list: the middle of a step is snapped to its end. */
  private static QueryBatch batch(Md4Objective elbo) {
    double back = elbo.axis() instanceof TimeAxis.Discrete discrete ? 0.5 / discrete.steps() : 0;
    return Queries.of(elbo, X, ZT, Arrays.stream(TIMES).map(t -> t - back).toArray());
  }
}
