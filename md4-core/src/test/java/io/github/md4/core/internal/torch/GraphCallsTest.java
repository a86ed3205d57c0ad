// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class GraphCallsTest {
  @Test
  void rowsOfAGraph_areFewDifferentNumbersAndAtMostHalfAsManyMoreOfManyAnEighth() {
    for (int rows = 1; rows < 5000; rows++) {
      int rounded = GraphCalls.roundedUp(rows);
      assertThat(rounded)
          .isGreaterThanOrEqualTo(rows)
          .isLessThanOrEqualTo(Math.max(16, rows < 512 ? rows * 3 / 2 : rows * 9 / 8 + 1));
      assertThat(GraphCalls.roundedUp(rounded)).isEqualTo(rounded);
      assertThat(Integer.bitCount(rounded)).isLessThanOrEqualTo(rows < 512 ? 2 : 4);
    }
  }
}
