// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("naive")
final class StepTimesTest {
  private static final StepTimes TIMES = new StepTimes(5, new double[] {0.9, 0.6, 0.3, 0.1, 0});

  @Test
  void index_isThatOfTheFirstTimeThatIsNotLater() {
    for (double time : new double[] {1, 0.9, 0.7, 0.6, 0.5, 0.3, 0.2, 0.1, 0.05, 0}) {
      int expected = 0;
      while (TIMES.time(expected) > time) {
        expected++;
      }
      assertThat(TIMES.index(time)).as("%s", time).isEqualTo(expected);
    }
    assertThat(TIMES.index(-1)).isEqualTo(TIMES.steps()).isEqualTo(4);
  }
}
