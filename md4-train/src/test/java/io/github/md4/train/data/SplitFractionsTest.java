// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class SplitFractionsTest {
  @Test
  void standard_isThatOfText8() {
    assertThat(SplitFractions.STANDARD.counts(100_000_000))
        .containsExactly(90_000_000L, 5_000_000L, 5_000_000L);
  }

  @ParameterizedTest
  @ValueSource(longs = {31, 1_115_394, 9_035_582_198L})
  void counts_sumToTheWhole(long count) {
    for (double train = 0.1; train < 0.95; train += 0.1) {
      SplitFractions fractions = new SplitFractions(train, (1 - train) / 2);
      long sum = fractions.counts(count).stream().mapToLong(Long::longValue).sum();
      assertThat(sum).isEqualTo(count);
    }
  }

  @Test
  void counts_leaveNoTestWhereTheOthersFillTheWhole() {
    for (double train = 0.1; train < 0.95; train += 0.1) {
      assertThat(new SplitFractions(train, 1 - train).counts(97).get(2)).isZero();
    }
    assertThat(new SplitFractions(1, 0).counts(1)).containsExactly(1L, 0L, 0L);
  }

  @Test
  void counts_rejectATextTooShort() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SplitFractions.STANDARD.counts(9))
        .withMessageContaining("too short to split: 9");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.1, 1.1, Double.NaN})
  void fractions_rejectAnImpossibleTrain(double train) {
    assertThatIllegalArgumentException().isThrownBy(() -> new SplitFractions(train, 0));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 0.6, Double.NaN})
  void fractions_rejectAnImpossibleValid(double valid) {
    assertThatIllegalArgumentException().isThrownBy(() -> new SplitFractions(0.5, valid));
  }
}
