// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("exact")
final class NearestNameTest {
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

  @ParameterizedTest
  @CsvSource({
    "ancestrl, '; did you mean ancestral?'",
    "Ancestral, '; did you mean ancestral?'",
    "first, '; did you mean first-hitting?'",
    "fi, ''",
    "random, ''"
  })
  void hint_namesTheNearestOnly(String mistyped, String expected) {
    assertThat(NearestName.hint(List.of("ancestral", "mean", "first-hitting"), mistyped))
        .isEqualTo(expected);
  }

  /** A letter too many is likelier than a wrong one, in whatever order the names are. */
  @ParameterizedTest
  @CsvSource({"text8, text, texts", "text, text8, texts"})
  void of_prefersTheNameThatTheMistypedBeginsWith(String one, String other, String mistyped) {
    assertThat(NearestName.of(List.of(one, other), mistyped)).hasValue("text");
  }

  @ParameterizedTest
  @CsvSource({
    "bronw, 'colour must be red or brown: bronw; did you mean brown?'",
    "green, 'colour must be red or brown: green'"
  })
  void choices_refuseWithTheNearest(String text, String expected) {
    assertThat(Choices.refusal("colour", List.of("red", "brown"), text)).hasMessage(expected);
  }
}
