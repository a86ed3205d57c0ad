// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.schedule.StepTimes;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests of when positions are revealed; the samplers' tests hold the law of the tokens. */
final class ReverseProcessTest {
  private static final int STEPS = 13;

  static List<MaskingSchedule> schedules() {
    return Stream.of("linear", "cosine", "polynomial(3)", "geometric")
        .map(text -> new MaskingSchedule(Curve.parse(text)))
        .toList();
  }

  private static StepTimes times(SamplingGrid grid, int from) {
    return new StepTimes(
        from, IntStream.rangeClosed(from, STEPS).mapToDouble(i -> grid.time(i, STEPS)).toArray());
  }

  /** Step after step, each with its own chance: the product of staying masked, then revealing. */
  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void revealSteps_haveTheChancesOfStepAfterStep(MaskingSchedule schedule) {
    for (SamplingGrid grid :
        new SamplingGrid[] {new SamplingGrid.Uniform(), new SamplingGrid.Cosine()}) {
      for (int from : new int[] {0, 5}) {
        StepTimes times = times(grid, from);
        double[] revealed = new ReverseProcess(schedule).revealSteps(times).revealed();
        assertThat(revealed).hasSize(STEPS - from);
        double masked = 1;
        for (int step = 0; step < revealed.length; step++) {
          double before = step == 0 ? 0 : revealed[step - 1];
          double chance = schedule.unmaskProbability(times.time(step + 1), times.time(step));
          // Sums of thirteen doubles.
          assertThat(revealed[step] - before).isCloseTo(masked * chance, within(1e-14));
          masked *= 1 - chance;
        }
        assertThat(1 - revealed[revealed.length - 1]).isCloseTo(masked, within(1e-14));
      }
    }
  }

  @Test
  @Tag("naive")
  void revealStep_isTheFirstWhoseChancesReachTheUniform() {
    var steps = new ReverseProcess.RevealSteps(new double[] {0, 0.25, 0.25, 0.5, 0.75, 0.75});
    for (double u : new double[] {0, 0.1, 0.25, 0.3, 0.5, 0.6, 0.75, 0.8, Math.nextDown(1.0)}) {
      int expected = 0;
      while (expected < 6 && u >= steps.revealed()[expected]) {
        expected++;
      }
      assertThat(steps.of(u)).as("%s", u).isEqualTo(expected);
    }
    assertThat(steps.of(0.25)).isEqualTo(3);
    assertThat(steps.of(0.75)).isEqualTo(6);
  }

  /** The uniform is the chance that the position is unmasked by then. */
  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void revealTime_invertsTheChanceOfBeingUnmasked(MaskingSchedule schedule) {
    for (double from : new double[] {1, 0.7}) {
      double last = schedule.unmaskProbability(0, from);
      for (double u : new Noise(67).uniforms(Purpose.REVEAL, 0, 0, 211)) {
        double t = new ReverseProcess(schedule).revealTime(u, from);
        if (u >= last) {
          assertThat(t).isZero();
        } else {
          assertThat(schedule.unmaskProbability(t, from)).isCloseTo(u, within(1e-12));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void revealTime_liesInTheStepOfTheSameUniform(MaskingSchedule schedule) {
    StepTimes times = times(new SamplingGrid.Cosine(), 0);
    ReverseProcess process = new ReverseProcess(schedule);
    ReverseProcess.RevealSteps steps = process.revealSteps(times);
    for (double u : new Noise(71).uniforms(Purpose.REVEAL, 0, 0, 211)) {
      double t = process.revealTime(u, 1);
      int step = steps.of(u);
      if (step == STEPS) {
        assertThat(t).isZero();
      } else {
        assertThat(t).isBetween(times.time(step + 1), times.time(step));
      }
    }
  }
}
