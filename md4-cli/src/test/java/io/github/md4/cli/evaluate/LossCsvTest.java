// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LossCsvTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "=1+1 | '=1+1",
        "@SUM(A1) | '@SUM(A1)",
        "+cmd | '+cmd",
        "-2+3 | '-2+3",
        "-0.25 | -0.25",
        "-1.5E-7 | -1.5E-7",
        "+3 | +3",
        "-Infinity | -Infinity",
        "a,b | \"a,b\"",
        "=a,b | \"'=a,b\"",
        "data/valid.bin | data/valid.bin"
      })
  void cell_neverBeginsAFormula(String value, String cell) {
    assertThat(LossCsv.cell(value)).isEqualTo(cell);
  }
}
