// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Gaussian noise of embedded tokens, and what a network is shown of it. */
@Tag("exact")
final class GaussianProcessTest {
  private static final int WIDTH = 3;
  private static final MaskingSchedule SCHEDULE = new MaskingSchedule(new Curve.Linear(), 0.002);
  private static final GaussianProcess PROCESS = new GaussianProcess(SCHEDULE, WIDTH);
  private static final GaussianObjective OBJECTIVE =
      new GaussianObjective(new TokenSpace(5), PROCESS);
  private static final int[] X = {3, 1};
  private static final double[] NORMALS = {0.5, -1, 2, -0.25, 1.5, 0.75};

  /** One state, by its time and by its signal-to-noise ratio. */
  @Test
  void state_isTheSameByTimeAndByRatio() {
    for (double t = 0; t <= 1; t += 0.125) {
      NoisyVectors byTime = PROCESS.noisy(t, NORMALS);
      NoisyVectors byRatio = PROCESS.noisyAt(SCHEDULE.logSnr(t), NORMALS);
      assertThat(byRatio.scale()).isCloseTo(byTime.scale(), within(1e-12));
      double sigma = Math.sqrt(1 - byTime.scale() * byTime.scale());
      for (int i = 0; i < NORMALS.length; i++) {
        // Of float32.
        assertThat(byRatio.added()[i]).isCloseTo(byTime.added()[i], within(1e-6f));
        assertThat((double) byTime.added()[i]).isCloseTo(sigma * NORMALS[i], within(1e-6));
      }
    }
  }

  /** The divergence of two normal laws, of an embedding whose squared length is D. */
  @Test
  void prior_isADivergenceOfNormalLaws() {
    double alpha = SCHEDULE.alpha(1);
    double variance = 1 - alpha;
    double squaredMean = alpha * WIDTH;
    double divergence = (WIDTH * (variance - 1 - Math.log(variance)) + squaredMean) / 2;
    assertThat(PROCESS.prior()).isCloseTo(divergence, within(1e-12)).isGreaterThan(1e-3);
    assertThat(OBJECTIVE.terms(0.5).prior()).isEqualTo(PROCESS.prior());
  }

  /** An eighth of the queries is about the start, half of them below it and half above. */
  @Test
  void queriesAroundTheStart_areAQuarterBelowAndAbove() {
    double start = SCHEDULE.logSnr(0);
    double[] times = {0, 0.0624, 0.0625, 0.1249};
    double[] steps = {-0.25, -0.25, 0.25, 0.25};
    for (int i = 0; i < times.length; i++) {
      Query query = OBJECTIVE.queryAround(X, times[i], NORMALS);
      assertThat(query.vectors().logSnr()).isCloseTo(start + steps[i], within(1e-9));
      assertThat(query.weight()).isEqualTo(8);
    }
    Query first = OBJECTIVE.queryAround(X, 0.125, NORMALS);
    assertThat(first.time()).isZero();
    assertThat(first.weight()).isCloseTo(PROCESS.lossWeight(0) * 8 / 7, within(1e-9));
    double[] u = {0.25, 0.75};
    assertThat(OBJECTIVE.query(X, 0.1249, u).weight()).isEqualTo(8);
    assertThat(OBJECTIVE.query(X, 0.125, u).weight()).isEqualTo(first.weight());
  }

  @Test
  void kind_isOfContinuousTimeAndLearnsNoise() {
    ObjectiveKind kind = ObjectiveKind.parse("gaussian(3)");
    TimeAxis continuous = new TimeAxis.Continuous();
    assertThat(kind.of(OBJECTIVE.space(), SCHEDULE, continuous)).isEqualTo(OBJECTIVE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kind.of(OBJECTIVE.space(), SCHEDULE, new TimeAxis.Discrete(9)));
    assertThat(kind.learnsNoise()).isTrue();
    assertThat(kind.generation()).isEqualTo(new Generation.GaussianNoise(3));
    assertThat(kind.generation().isUnmasking()).isFalse();
    assertThat(OBJECTIVE).hasToString("Gaussian diffusion of 3 coordinates a token");
    Integer width = kind.generation().match(form -> 0, () -> 0, () -> 0, d -> d);
    assertThat(width).isEqualTo(3);
  }
}
