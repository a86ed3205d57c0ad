// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class MemoryScaleTest {

  @Test
  void most_isThePhaseThatTakesMostWithAllItsExamples() {
    MemoryScale scale = new MemoryScale(1000, 1110); // one example: 110
    scale.add(1600, 8, 64); // steps: 70 for each further example
    assertThat(scale.most()).isEqualTo(110 + 70 * 63);
    scale.add(1310, 5, 512); // an evaluation: 50 an example, and many of them
    assertThat(scale.most()).isEqualTo(110 + 50 * 511);
    scale.add(1900, 1, 1); // samples
    assertThat(scale.most()).isEqualTo(110 + 50 * 511);
    assertThat(scale.ofExample()).isEqualTo(70);
  }

  @Test
  void phaseWithinTheKnownParts_takesNothing() {
    MemoryScale scale = new MemoryScale(1000, 1000);
    scale.add(900, 1, 1);
    assertThat(scale.most()).isZero();
  }
}
