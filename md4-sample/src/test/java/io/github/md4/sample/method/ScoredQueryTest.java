// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.ScoreForm;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SamplingContext;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What steps by scores ask with, call by call, where every draw is a mask: the time, and the factor
 * of the scores as it is written out. The laws of whole samples depend on it too little to tell
 * Euler's step from the analytic one.
 */
@Tag("exact")
final class ScoredQueryTest {
  private static final TokenSpace SPACE = new TokenSpace(3);
  private static final SamplingSteps STEPS = new SamplingSteps(new SamplingGrid.Uniform(), 4);

  /** A form whose shift is the time. */
  private record Shifted() implements ScoreForm {
    @Override
    public boolean isNormalised() {
      return false;
    }

    @Override
    public double shift(TokenSpace space, MaskingSchedule schedule, double t) {
      return t;
    }
  }

  private static List<TrajectoryQuery> queries(SqueezedSchedule schedule, SamplingMethod method) {
    Trajectory trajectory =
        method
            .under(schedule.schedule(), new Generation.Unmasking(new Shifted()))
            .trajectories(new SamplingContext(SPACE, new Noise(1), 1))
            .of(InitialSequence.masked(SPACE, 2, 0));
    List<TrajectoryQuery> queries = new ArrayList<>();
    while (!trajectory.isDone()) {
      queries.add(trajectory.query());
      double[] masks = {SPACE.maskToken(), SPACE.maskToken(), 1, 1, 1, 1};
      trajectory.advance(new Draws(masks, 2, 0), (point, position, token, probability) -> {});
    }
    return queries;
  }

  private static void checkFactor(TrajectoryQuery query, double t, double factor) {
    assertThat(query.point().time()).isEqualTo(t);
    assertThat(query.positions()).containsExactly(0, 1);
    for (double log : query.noise()[query.noise().length - 1]) {
      assertThat(log).isCloseTo(Math.log(factor) + t, within(1e-14));
    }
  }

  private static void checkLast(List<TrajectoryQuery> queries, int index) {
    assertThat(queries).hasSize(index + 1);
    assertThat(queries.get(index).point().time()).isZero();
    assertThat(queries.get(index).noise()[1])
        .containsExactly(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
  }

  @ParameterizedTest
  @EnumSource(SqueezedSchedule.class)
  void factors_areSharesOfSteps(SqueezedSchedule schedule) {
    List<TrajectoryQuery> euler =
        queries(schedule, new ApproximateMethod.Euler(STEPS, Leftovers.DRAWN));
    List<TrajectoryQuery> analytic =
        queries(schedule, new ApproximateMethod.Analytic(STEPS, Leftovers.DRAWN));
    for (int i = 0; i < 4; i++) {
      double t = 1 - i / 4.0;
      double s = t - 0.25;
      checkFactor(euler.get(i), t, schedule.rate(t) / 4);
      double revealed = (schedule.alpha(s) - schedule.alpha(t)) / (1 - schedule.alpha(t));
      checkFactor(analytic.get(i), t, revealed);
    }
    checkLast(euler, 4);
    checkLast(analytic, 4);
  }

  /** A corrector asks at the end of the step that it corrects; the last step has none. */
  @ParameterizedTest
  @EnumSource(SqueezedSchedule.class)
  void factorsOfCorrectors_areThoseOfTheirTime(SqueezedSchedule schedule) {
    List<TrajectoryQuery> queries =
        queries(schedule, new ApproximateMethod.TauLeaping(STEPS, 2, Leftovers.DRAWN));
    double[] times = {1, 0.75, 0.75, 0.75, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25};
    for (int call = 0; call < times.length; call++) {
      checkFactor(queries.get(call), times[call], schedule.rate(times[call]) / 4);
    }
    checkLast(queries, times.length);
  }
}
