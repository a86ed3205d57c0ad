// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DecimalsTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-0.0e-400, 0",
    "0e999, 0",
    "4.9e-324, 4.9e-324",
    "-1.7976931348623157e308, -1.7976931348623157e308",
    "1e-3, 0.001"
  })
  void number_isTheNearest(String text, double expected) {
    assertThat(Decimals.parse(text)).isCloseTo(expected, within(0.0));
    assertThat(Decimals.of(new BigDecimal(text))).isCloseTo(expected, within(0.0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e-400",
        "-0.0001e-321",
        "2e-324",
        "1e-400f",
        "1e309",
        "-9e400",
        "0x1p-1080",
        "0xap-1100",
        "-0X.Ep-1100",
        "0xep-1100d",
        "0xfp1100"
      })
  void number_thatWouldBecomeZeroOrInfiniteIsRefused(String text) {
    assertThatThrownBy(() -> Decimals.parse(text))
        .isInstanceOf(NumberFormatException.class)
        .hasMessageStartingWith(text + " is too ")
        .hasMessageContaining("for a number of 64 bits");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0x0p-1100", "0X0.0p9", "0f", "0d", " 0e7 "})
  void zero_isReadInEveryForm(String text) {
    assertThat(Decimals.parse(text)).isZero();
  }

  @Test
  void hexadecimal_isExact() {
    assertThat(Decimals.parse("0xap-4")).isEqualTo(0.625);
    assertThat(Decimals.parse("0x0.ep1")).isEqualTo(1.75);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e-400", "-1e-99999", "1e309", "-9e400"})
  void decimal_thatWouldBecomeZeroOrInfiniteIsRefused(String text) {
    BigDecimal number = new BigDecimal(text);
    assertThatThrownBy(() -> Decimals.of(number))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("for a number of 64 bits");
  }

  @Test
  void names_areWhatTheySay() {
    assertThat(Decimals.parse("-Infinity")).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(Decimals.parse("NaN")).isNaN();
    assertThatThrownBy(() -> Decimals.parse("one")).isInstanceOf(NumberFormatException.class);
  }
}
