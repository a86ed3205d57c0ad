// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class ProcessAgeTest {
  @Test
  void seconds_areFromTheTickAtWhichTheProcessBegan() {
    String state =
        "4711 (a name) with) S 1 4711 4711 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 9 0 123450 9999 1 2";
    assertThat(ProcessAge.seconds("1240.75 2000.00\n", state)).isEqualTo(6.25, within(1e-9));
  }

  @Test
  void seconds_goOnWithTheClock() throws InterruptedException {
    double before = ProcessAge.seconds();
    Thread.sleep(50);
    assertThat(before).isPositive();
    // A tick is 10 ms.
    assertThat(ProcessAge.seconds() - before).isBetween(0.03, 30.0);
  }
}
