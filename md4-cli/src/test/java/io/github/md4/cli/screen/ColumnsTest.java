// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

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
    "a\u0301b\u0301c\u0301d\u0301, 4, 1",
    "\u1112\u1161\u11ab\u1100\u1173\u11af, 4, 1",
    "\u2705\u2705x, 4, 2",
    "\u2764\ufe0f\u2764\ufe0fx, 4, 2",
    "\u200ba\u200bb\u200dcd, 4, 1",
  })
  void rows_areThoseOfTheTerminal(String line, int columns, int expected) {
    assertThat(Columns.rows(line, columns)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "97, 1",
    "0x2591, 1",
    "0xad, 1",
    "0x10ff, 1",
    "0x1100, 2",
    "0x115f, 2",
    "0x1160, 0",
    "0x231c, 1",
    "0x3041, 2",
    "0xff61, 1",
    "0xffe6, 2",
    "0xffe7, 1",
    "0x20000, 2",
    "0x3fffe, 1",
    "0x05d0, 1",
    "0x05b8, 0",
    "0x0e31, 0",
    "0xe01, 1"
  })
  void of_isTheWidthOfACharacter(String point, int expected) {
    assertThat(Columns.of(Integer.decode(point))).isEqualTo(expected);
  }
}
