// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class PaceClockTest {
  private long nanos;

  /** Makes steps, the first {@code slow} of them in 0.2 s each and all others in 0.1 s. */
  private StepBench.Pace pace(double allotted, int most, int slow) {
    PaceClock clock = new PaceClock(allotted, most, () -> nanos);
    int made = 0;
    while (clock.next() > 0) {
      int some = clock.next();
      for (int i = 0; i < some; i++) {
        nanos += made++ < slow ? 200_000_000 : 100_000_000;
      }
      clock.made(some);
    }
    return clock.pace(7);
  }

  /** Also where the first step is slower than all others. */
  @Test
  void pace_fillsTheTimeThatItHas() {
    StepBench.Pace pace = pace(20, 100_000, 1);
    assertThat(pace.steps() * pace.seconds()).isCloseTo(20, within(0.2));
    assertThat(pace.first()).isEqualTo(7);
  }

  @Test
  void later_isThePaceWithoutASlowBeginning() {
    StepBench.Pace pace = pace(20, 100_000, 40);
    assertThat(pace.later()).isCloseTo(0.1, within(1e-9));
    assertThat(pace.seconds()).isCloseTo(20 / 160.0, within(1e-3));
  }

  @Test
  void pace_endsWithTheTraining() {
    StepBench.Pace pace = pace(20, 12, 0);
    assertThat(pace.steps()).isEqualTo(12);
    assertThat(pace.later()).isCloseTo(0.1, within(1e-9)).isEqualTo(pace.seconds());
  }

  @Test
  void isEarly_upToHalfOfTheTime() {
    PaceClock clock = new PaceClock(2, 100, () -> nanos);
    nanos += 1_000_000_000;
    clock.made(1);
    assertThat(clock.isEarly()).isTrue();
    nanos += 1;
    clock.made(1);
    assertThat(clock.isEarly()).isFalse();
  }

  @Test
  void pace_ofNoTime_isOneStep() {
    assertThat(pace(0, 12, 0).steps()).isEqualTo(1);
    assertThat(pace(0, 1, 0).later()).isCloseTo(0.1, within(1e-9));
  }
}
