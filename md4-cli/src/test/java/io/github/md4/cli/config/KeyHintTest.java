// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class KeyHintTest {
  @ParameterizedTest
  @CsvSource({
    "steps, steps, 0",
    "setps, steps, 1",
    "stps, steps, 1",
    "abc, '', 3",
    "kitten, sitting, 3"
  })
  void distance_countsEdits(String a, String b, int expected) {
    assertThat(NearestName.distance(a, b)).isEqualTo(expected);
    assertThat(NearestName.distance(b, a)).isEqualTo(expected);
  }
}
