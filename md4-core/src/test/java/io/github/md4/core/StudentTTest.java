// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("exact")
final class StudentTTest {

  @Test
  void quantile_ofHalfIsZero() {
    assertThat(StudentT.quantile(0.5, 3)).isZero();
    assertThat(StudentT.quantile(0.5, 4)).isZero();
  }

  /** As tables of the distribution print them. */
  @ParameterizedTest
  @CsvSource({
    "0.025, 1, 12.7062",
    "0.025, 2, 4.3027",
    "0.025, 3, 3.1824",
    "0.025, 7, 2.3646",
    "0.025, 9, 2.2622",
    "0.025, 20, 2.0860",
    "0.025, 120, 1.9799",
    "0.005, 5, 4.0321",
    "0.1, 4, 1.5332",
    "0.05, 1, 6.3138",
  })
  void quantile_isThatOfTables(double tail, long degrees, double expected) {
    assertThat(StudentT.quantile(tail, degrees)).isCloseTo(expected, within(5e-5));
  }

  @Test
  void quantile_ofManyDegreesIsThatOfTheNormalDistribution() {
    // The first correction is (z^3 + z) / (4 degrees) = 2.4e-5.
    assertThat(StudentT.quantile(0.025, 100_000)).isCloseTo(1.959964, within(3e-5));
    assertThat(StudentT.quantile(0.025, 1L << 40)).isEqualTo(StudentT.quantile(0.025, 100_000));
  }

  /** By Simpson's rule over the density, with the factor of its closed form for whole numbers. */
  @ParameterizedTest
  @CsvSource({"1", "2", "3", "4", "7", "8", "9", "30"})
  void tail_isTheIntegralOfTheDensity(int degrees) {
    double t = 1.7;
    double sum = 0;
    int nodes = 2000;
    for (int i = 0; i <= nodes; i++) {
      double x = t * i / nodes;
      double weight = i == 0 || i == nodes ? 1 : i % 2 == 1 ? 4 : 2;
      sum += weight * Math.pow(1 + x * x / degrees, -(degrees + 1) / 2.0) * t / nodes / 3;
    }
    assertThat(StudentT.tail(t, degrees)).isCloseTo(0.5 - factor(degrees) * sum, within(1e-12));
  }

  /** Gamma((n + 1) / 2) / (sqrt(n pi) Gamma(n / 2)), from n - 2 on down. */
  private static double factor(int degrees) {
    if (degrees == 1) {
      return 1 / Math.PI;
    }
    if (degrees == 2) {
      return 1 / Math.sqrt(8);
    }
    return factor(degrees - 2)
        * (degrees - 1)
        / (degrees - 2)
        * Math.sqrt((degrees - 2.0) / degrees);
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "5", "8", "63", "1000"})
  void quantile_isTheInverseOfTheTail(int degrees) {
    for (double tail : new double[] {1.35e-3, 0.025, 0.3, 0.5}) {
      // The tail is one less a sum near one.
      assertThat(StudentT.tail(StudentT.quantile(tail, degrees), degrees))
          .isCloseTo(tail, within(1e-12));
    }
    assertThat(StudentT.tail(0, degrees)).isEqualTo(0.5);
  }

  @Test
  void quantile_rejectsWhatHasNone() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StudentT.quantile(0.6, 3))
        .withMessage("tail must be in (0, 0.5]: 0.6");
    assertThatIllegalArgumentException().isThrownBy(() -> StudentT.quantile(0, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StudentT.quantile(0.1, 0))
        .withMessage("degrees of freedom must be at least 1: 0");
    assertThatIllegalArgumentException().isThrownBy(() -> StudentT.tail(-1, 3));
  }
}
