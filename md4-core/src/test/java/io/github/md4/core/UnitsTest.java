// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("exact")
final class UnitsTest {
  @ParameterizedTest
  @CsvSource({"22.13, 4.4679", "21.80, 4.4463", "16.64, 4.0566", "24.10, 4.5910", "27.28, 4.7698"})
  void bits_ofPublishedPerplexitiesAreThose(double perplexity, double bits) {
    double nats = Math.log(perplexity);
    // Printed to four decimals; exp undoes log but for rounding.
    assertThat(Units.bitsPerToken(nats)).isEqualTo(bits, within(5.1e-5));
    assertThat(Units.perplexity(nats)).isEqualTo(perplexity, within(1e-13));
  }

  @Test
  void perplexity_isTwoToTheBits() {
    assertThat(Math.pow(2, Units.bitsPerToken(3.0969)))
        .isEqualTo(Units.perplexity(3.0969), within(1e-13));
  }

  @Test
  void perplexityStandardError_isTheSlopeOfPerplexity() {
    double h = 1e-6;
    double slope = (Units.perplexity(2.5 + h) - Units.perplexity(2.5 - h)) / (2 * h);
    // A central difference: 1e-16 / h of rounding on 12.
    assertThat(Units.perplexityStandardError(2.5, 0.01)).isEqualTo(0.01 * slope, within(1e-9));
  }
}
