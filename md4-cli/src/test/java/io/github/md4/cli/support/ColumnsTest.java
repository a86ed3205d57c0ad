// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ColumnsTest {
  @ParameterizedTest
  @CsvSource({
    "'', 4, 1",
    "abcd, 4, 1",
    "abcde, 4, 2",
    "abcdabcda, 4, 3",
    "\u6f22\u5b57, 4, 1",
    "a\u6f22\u5b57, 4, 2",
    "\ud83d\ude00\ud83d\ude00\ud83d\ude00, 4, 2",
  })
  void rows_areThoseOfTheTerminal(String line, int columns, int expected) {
    assertThat(Columns.rows(line, columns)).isEqualTo(expected);
  }
}
