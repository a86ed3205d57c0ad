// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

@Tag("exact")
final class SamplingGridTest {
  private static final List<SamplingGrid> GRIDS = Schedules.GRIDS;

  @ParameterizedTest
  @FieldSource("GRIDS")
  void time_fallsFromExactlyOneToExactlyZero(SamplingGrid grid) {
    int steps = 1009;
    assertThat(grid.time(0, steps)).isEqualTo(1);
    assertThat(grid.time(steps, steps)).isEqualTo(0);
    for (int i = 0; i < steps; i++) {
      assertThat(grid.time(i + 1, steps)).isLessThan(grid.time(i, steps));
    }
  }

  @ParameterizedTest
  @FieldSource("GRIDS")
  void unmaskProbabilities_leaveTheMaskProbabilityAtZero(SamplingGrid grid) {
    for (MaskingSchedule schedule : Schedules.SCHEDULES) {
      int steps = 257;
      double masked = schedule.oneMinusAlpha(1);
      for (int i = 0; i < steps; i++) {
        masked *= 1 - schedule.unmaskProbability(grid.time(i + 1, steps), grid.time(i, steps));
      }
      // The product of all stays telescopes; 1 - p of the last step cancels to about 1e-16.
      assertThat(masked).isEqualTo(schedule.oneMinusAlpha(0), within(1e-13));
    }
  }

  @Test
  void linearScheduleOnCosineGrid_isCosineScheduleOnUniformGrid() {
    MaskingSchedule linear = new MaskingSchedule(new Curve.Linear());
    MaskingSchedule cosine = new MaskingSchedule(new Curve.Cosine());
    for (double t = 0; t <= 1; t += 0.125) {
      // The same formula but for the order of roundings.
      assertThat(linear.alpha(new SamplingGrid.Cosine().at(t)))
          .isEqualTo(cosine.alpha(t), within(1e-15));
    }
  }

  @ParameterizedTest
  @FieldSource("GRIDS")
  void parse_readsToString(SamplingGrid grid) {
    assertThat(SamplingGrid.parse(grid.toString())).isEqualTo(grid);
  }

  @Test
  void parse_namesTheValidForms() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SamplingGrid.parse("linear"))
        .withMessage("grid must be uniform or cosine: linear");
  }

  @ParameterizedTest
  @CsvSource({"-1, 3", "4, 3", "0, 0"})
  void time_rejectsStepsOutOfRange(int step, int steps) {
    assertThatIllegalArgumentException().isThrownBy(() -> GRIDS.get(0).time(step, steps));
  }

  @Test
  void time_takesASingleStep() {
    assertThat(new SamplingGrid.Uniform().time(0, 1)).isEqualTo(1);
    assertThat(new SamplingGrid.Uniform().time(1, 1)).isEqualTo(0);
  }
}
