// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.md4.core.schedule.SamplingGrid;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SamplingStepsTest {
  private static final SamplingGrid UNIFORM = new SamplingGrid.Uniform();

  @ParameterizedTest
  @CsvSource({
    "0, must be at least 1: 0",
    "-1, must be at least 1: -1",
    "1048577, must be at most 1048576: 1048577",
    "2147483647, must be at most 1048576: 2147483647"
  })
  void steps_areAsManyAsMemoryHolds(int steps, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SamplingSteps(UNIFORM, steps))
        .withMessage("steps " + message);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PublishedMethod.Dream(PublishedMethod.Algorithm.ORIGIN, steps, 0))
        .withMessage("steps " + message);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1 << 20})
  void grid_goesFromOneToZero(int steps) {
    SamplingSteps grid = new SamplingSteps(UNIFORM, steps);
    assertThat(grid.time(0)).isEqualTo(1);
    assertThat(grid.time(steps)).isZero();
  }

  /** The number of calls of the network is an int. */
  @ParameterizedTest
  @CsvSource({"1048576, 2048", "1024, 2147483647", "3, -1"})
  void correctors_areCountedWithTheirSteps(int steps, int correctors) {
    SamplingSteps grid = new SamplingSteps(UNIFORM, steps);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ApproximateMethod.TauLeaping(grid, correctors, Leftovers.ARGMAX));
  }
}
