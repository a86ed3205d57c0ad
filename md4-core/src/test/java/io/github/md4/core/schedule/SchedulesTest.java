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
}
