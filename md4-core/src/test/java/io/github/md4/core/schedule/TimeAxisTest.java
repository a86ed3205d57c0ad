// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class TimeAxisTest {
  private static final List<MaskingSchedule> SCHEDULES = Schedules.SCHEDULES;
  static final List<TimeAxis> AXES = Schedules.AXES;

  @ParameterizedTest
  @FieldSource("SCHEDULES")
  void discreteLossWeight_isTheExpm1FormOfTheReference(MaskingSchedule schedule) {
    for (int steps : new int[] {1, 10, 997, 10_000}) {
      TimeAxis axis = new TimeAxis.Discrete(steps);
      for (int k = 1; k <= steps; k += 1 + steps / 101) {
        double t = (double) k / steps;
        double s = (k - 1.0) / steps;
        double growth = Math.expm1(schedule.logSnr(t) - schedule.logSnr(s));
        double expected = steps * growth * schedule.alpha(s);
        // The difference of log-SNRs has lost about 1e-15 of up to 9, times the number of steps.
        assertThat(axis.lossWeight(schedule, t))
            .isEqualTo(expected, within(steps * 1e-14 + 1e-12 * Math.abs(expected)));
      }
    }
  }

  @ParameterizedTest
  @FieldSource("SCHEDULES")
  void discreteLossWeight_convergesToTheContinuousOne(MaskingSchedule schedule) {
    for (double t : new double[] {0.25, 0.5, 0.75}) {
      double limit = new TimeAxis.Continuous().lossWeight(schedule, t);
      double coarse = new TimeAxis.Discrete(1 << 10).lossWeight(schedule, t) - limit;
      double fine = new TimeAxis.Discrete(1 << 14).lossWeight(schedule, t) - limit;
      // First order in 1 / steps: a sixteenth, and 1e-9 for rounding where the first order is 0.
      assertThat(Math.abs(fine)).isLessThan(Math.abs(coarse) / 15 + 1e-9);
      assertThat(fine).isEqualTo(0, within(1e-3 * Math.abs(limit)));
    }
  }

  @ParameterizedTest
  @FieldSource("AXES")
  void lossWeight_isNeverPositive(TimeAxis axis) {
    for (MaskingSchedule schedule : SCHEDULES) {
      for (double t = 0; t < 1; t += 0.01) {
        assertThat(axis.lossWeight(schedule, axis.snap(t))).isLessThanOrEqualTo(0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7, 49, 1000, 10_007})
  void snap_isTheNextTimeOfTheAxis(int steps) {
    TimeAxis axis = new TimeAxis.Discrete(steps);
    assertThat(axis.snap(0)).isEqualTo(1.0 / steps);
    assertThat(axis.snap(Math.nextDown(1.0))).isEqualTo(1);
    for (int k = 0; k < steps; k++) {
      assertThat(axis.snap((k + 0.5) / steps)).isEqualTo((k + 1.0) / steps);
    }
  }

  @Test
  void snap_ofContinuousIsTheTimeItself() {
    assertThat(new TimeAxis.Continuous().snap(0.123)).isEqualTo(0.123);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1, Double.NaN})
  void snap_rejectsTimeOutOfRange(double t) {
    assertThatIllegalArgumentException().isThrownBy(() -> new TimeAxis.Discrete(7).snap(t));
  }

  @Test
  void discrete_rejectsNoSteps() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TimeAxis.Discrete(0))
        .withMessage("steps must be at least 1: 0");
  }

  @Test
  @Tag("exact")
  void parse_readsWhatToStringWrites() {
    for (String text : new String[] {"continuous", "discrete(10)"}) {
      assertThat(TimeAxis.parse(text)).hasToString(text);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> TimeAxis.parse("discrete(0)"));
    assertThatIllegalArgumentException().isThrownBy(() -> TimeAxis.parse("T"));
  }
}
