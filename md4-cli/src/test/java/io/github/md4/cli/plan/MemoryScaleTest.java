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
    scale.add(1110, 1600, 8, 64); // steps: 70 for each further example
    assertThat(scale.most()).isEqualTo(1110 + 70 * 63);
    scale.add(1110, 1310, 5, 512); // an evaluation: 50 an example, and many of them
    assertThat(scale.most()).isEqualTo(1110 + 50 * 511);
    scale.add(1110, 1900, 1, 1); // samples
    assertThat(scale.most()).isEqualTo(1110 + 50 * 511);
    assertThat(scale.ofExample()).isEqualTo(70);
  }

  /** A line needs two points: the other is what is there without examples. */
  @Test
  void trialOfOneExample_isComparedWithTheKnownParts() {
    MemoryScale scale = new MemoryScale(1000);
    scale.add(1110, 1120, 1, 3);
    assertThat(scale.most()).isEqualTo(1000 + 3 * 120);
    assertThat(scale.ofExample()).isEqualTo(120);
  }

  @Test
  void moreExamplesThatTakeLess_takeNothing() {
    MemoryScale scale = new MemoryScale(1000);
    scale.add(1110, 1050, 4, 8);
    assertThat(scale.most()).isEqualTo(1050);
    assertThat(scale.ofExample()).isZero();
  }
}
