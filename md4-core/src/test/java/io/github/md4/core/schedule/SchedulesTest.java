// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A new variant that is not in the list of all variants fails here. */
@Tag("exact")
final class SchedulesTest {
  static List<Arguments> lists() {
    return List.of(
        Arguments.of(TimeAxis.class, Schedules.AXES),
        Arguments.of(TimeSampling.class, Schedules.SAMPLINGS));
  }

  /** Curves are an open set: those of this library are the nested ones. */
  @Test
  void listOfCurves_isComplete() {
    assertThat(Schedules.CURVES.stream().map(Object::getClass).collect(Collectors.toSet()))
        .isEqualTo(Set.of(Curve.class.getDeclaredClasses()));
  }

  /** So are grids. */
  @Test
  void listOfGrids_isComplete() {
    assertThat(Schedules.GRIDS.stream().map(Object::getClass).collect(Collectors.toSet()))
        .isEqualTo(Set.of(SamplingGrid.class.getDeclaredClasses()));
  }

  @ParameterizedTest
  @MethodSource("lists")
  void listOfVariants_isComplete(Class<?> variants, List<?> listed) {
    assertThat(listed.stream().map(Object::getClass).collect(Collectors.toSet()))
        .isEqualTo(Set.of(variants.getPermittedSubclasses()));
  }

  /** The two schedules through the methods that they share, by token or not. */
  @Test
  void schedule_isItsOwnFunctionsWhateverTheToken() {
    MaskingSchedule shared = new MaskingSchedule(new Curve.Linear(), 0);
    GenMd4Schedule perToken = new GenMd4Schedule(new double[] {1, 2, 5}, 0.25);
    assertThat(shared.oneMinusAlpha(0.25, 7)).isEqualTo(0.25);
    assertThat(shared.unmaskProbability(0.25, 0.5, 7)).isEqualTo(0.5);
    assertThat(shared.<String>match(own -> "shared", own -> "token")).isEqualTo("shared");
    assertThat(perToken.<String>match(own -> "shared", own -> "token")).isEqualTo("token");
    assertThat(perToken.epsilon()).isEqualTo(0.25);
    assertThat(perToken.largestPower()).isEqualTo(5);
  }

  /** A token stays where its uniform is below alpha; the uniform alpha itself masks it. */
  @Test
  void masking_isByTheUniformAndAlpha() {
    Schedule.Masking shared = new MaskingSchedule(new Curve.Linear(), 0).at(0.75);
    assertThat(shared.isMasked(0, 0.25)).isTrue();
    assertThat(shared.isMasked(0, Math.nextDown(0.25))).isFalse();
    Schedule.Masking perToken = new GenMd4Schedule(new double[] {1, 2}, 0).at(0.5);
    // Alpha is 1/2 with the power 1, 3/4 with the power 2.
    assertThat(perToken.isMasked(0, 0.6)).isTrue();
    assertThat(perToken.isMasked(1, 0.6)).isFalse();
    assertThat(perToken.isMasked(0, 0.5)).isTrue();
    assertThat(perToken.isMasked(0, 0.4)).isFalse();
  }

  @Test
  void axes_tellWhatTheyAre() {
    TimeAxis continuous = new TimeAxis.Continuous();
    TimeAxis discrete = new TimeAxis.Discrete(7);
    assertThat(continuous.isContinuous()).isTrue();
    assertThat(discrete.isContinuous()).isFalse();
    assertThat(continuous.describe()).isEqualTo("continuous");
    assertThat(discrete.describe()).isEqualTo("T = 7");
    assertThat(continuous.<Integer>match(() -> 0, steps -> steps)).isZero();
    assertThat(discrete.<Integer>match(() -> 0, steps -> steps)).isEqualTo(7);
    assertThat(TimeFloor.EXACT.kind()).isEqualTo("upper bound");
    assertThat(TimeFloor.REFERENCE.kind())
        .isEqualTo("upper bound, times 1 / (1 - 0.001) as md4 has it");
  }
}
