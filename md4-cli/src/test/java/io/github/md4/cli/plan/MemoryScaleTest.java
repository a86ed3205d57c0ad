// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class MemoryScaleTest {

  @Test
  void most_isThePhaseThatTakesMostWithAllItsExamples() {
    MemoryScale scale = new MemoryScale(1000);
    scale.add(1600, 8, 64); // steps: 75 an example
    assertThat(scale.most()).isEqualTo(75 * 64);
    scale.add(1300, 5, 512); // an evaluation: 60 an example, and many of them
    assertThat(scale.most()).isEqualTo(60 * 512);
    scale.add(1900, 1, 1); // samples
    assertThat(scale.most()).isEqualTo(60 * 512);
    assertThat(scale.ofExample()).isEqualTo(75);
  }

  @Test
  void phaseWithinTheKnownParts_takesNothing() {
    MemoryScale scale = new MemoryScale(1000);
    scale.add(900, 1, 1);
    assertThat(scale.most()).isZero();
  }
}
