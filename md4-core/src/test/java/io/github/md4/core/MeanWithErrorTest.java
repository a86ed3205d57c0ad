// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class MeanWithErrorTest {

  /** The variance as the mean over all pairs of half their squared distance. */
  @Test
  void standardError_isThatOfPairs() {
    double[] values = {1, 2, 4, 8.5, -3};
    double squares = 0;
    for (double a : values) {
      for (double b : values) {
        squares += (a - b) * (a - b) / 2;
      }
    }
    double variance = squares / (values.length * (values.length - 1));
    MeanWithError mean = MeanWithError.of(values);
    assertThat(mean.mean()).isCloseTo(2.5, within(1e-15));
    assertThat(mean.standardError()).isCloseTo(Math.sqrt(variance / values.length), within(1e-15));
  }

  @Test
  void standardError_ofASingleValueIsUnknown() {
    assertThat(MeanWithError.of(7)).isEqualTo(new MeanWithError(7, Double.NaN));
  }

  @Test
  void of_rejectsNoValues() {
    assertThatThrownBy(MeanWithError::of).hasMessage("values must be at least 1: 0");
  }
}
