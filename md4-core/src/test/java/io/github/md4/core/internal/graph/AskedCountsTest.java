// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class AskedCountsTest {
  @Test
  void counts_areThoseSinceAKindWasForgotten() {
    AskedCounts<String> counts = new AskedCounts<>();
    assertThat(counts.add("a", 2)).isEqualTo(2);
    assertThat(counts.add("b", 1)).isEqualTo(1);
    assertThat(counts.add("a", 3)).isEqualTo(5);
    counts.forget("a");
    assertThat(counts.add("a", 1)).isEqualTo(1);
    assertThat(counts.add("b", 1)).isEqualTo(2);
  }

  /** Of very many kinds none is known for long. */
  @Test
  void counts_areOfAFewKinds() {
    AskedCounts<Integer> counts = new AskedCounts<>();
    for (int kind = 0; kind < 1024; kind++) {
      assertThat(counts.add(kind, 1)).isEqualTo(1);
    }
    assertThat(counts.add(1024, 1)).isEqualTo(1);
    assertThat(counts.add(7, 1)).isEqualTo(1);
  }
}
