// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.speed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class SpreadTest {

  @Test
  void of_fiveValuesInAnyOrder_takesThemAsQuantiles() {
    assertThat(Spread.of(7, 1, 11, 3, 5)).isEqualTo(new Spread(5, 1, 11, 3, 7));
  }

  @Test
  void of_anEvenNumber_interpolates() {
    // Places 0.75, 1.5 and 2.25 of 0 to 3.
    assertThat(Spread.of(8, 0, 16, 4)).isEqualTo(new Spread(6, 0, 16, 3, 10));
  }

  @Test
  void of_aSingleValue_hasNoWidth() {
    assertThat(Spread.of(3)).isEqualTo(new Spread(3, 3, 3, 3, 3));
    assertThat(Spread.of(3).interquartileRange()).isZero();
  }

  @Test
  void of_doesNotSortItsArgument() {
    double[] values = {2, 1};
    assertThat(Spread.of(values).interquartileRange()).isEqualTo(0.5);
    assertThat(values).containsExactly(2, 1);
  }

  @Test
  void of_rejectsNothing() {
    assertThatIllegalArgumentException().isThrownBy(Spread::of);
  }
}
