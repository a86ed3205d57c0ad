// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.StudentT;
import io.github.md4.core.likelihood.Agreement.Outcome;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("exact")
final class AgreementTest {
  private static BoundEstimate.Difference difference(double nats, double error, long degrees) {
    return new BoundEstimate.Difference(nats, error, degrees, Interval.UNKNOWN);
  }

  private static Outcome equality(double nats, double error, long degrees) {
    return Agreement.equality("any-order", difference(nats, error, degrees)).outcome();
  }

  private static Outcome looseness(double nats, double error, long degrees) {
    return Agreement.looseness("T = 3", difference(nats, error, degrees)).outcome();
  }

  /** The quantiles of Student's t at 0.99865: by tables of coverage factors for "3 sigma". */
  @ParameterizedTest
  @CsvSource({"8, 4.277", "9, 4.094", "20, 3.422", "100, 3.077", "100000, 3.000"})
  void thresholds_areThoseOfStudent(long degrees, double errors) {
    assertThat(StudentT.quantile(Agreement.TAIL, degrees)).isCloseTo(errors, within(5e-4));
    // An error so large that the slack of 2e-4 nats and rounding do not matter.
    for (int sign : new int[] {-1, 1}) {
      assertThat(equality(sign * 10 * (errors - 2e-3), 10, degrees)).isEqualTo(Outcome.HOLDS);
      assertThat(equality(sign * 10 * (errors + 2e-3), 10, degrees)).isEqualTo(Outcome.FAILS);
    }
    assertThat(looseness(-10 * (errors - 2e-3), 10, degrees)).isEqualTo(Outcome.HOLDS);
    assertThat(looseness(-10 * (errors + 2e-3), 10, degrees)).isEqualTo(Outcome.REMARK);
    assertThat(looseness(1000, 10, degrees)).isEqualTo(Outcome.HOLDS);
  }

  @Test
  void equality_hasASlack() {
    assertThat(equality(1.9e-4, 0, 8)).isEqualTo(Outcome.HOLDS);
    assertThat(equality(-2.1e-4, 0, 8)).isEqualTo(Outcome.FAILS);
    assertThat(equality(Agreement.SLACK, 0, 8)).isEqualTo(Outcome.HOLDS);
    assertThat(looseness(-1e-6, 0, 8)).isEqualTo(Outcome.HOLDS);
    assertThat(looseness(-0.9e-6, 0, 8)).isEqualTo(Outcome.HOLDS);
    assertThat(looseness(-1.1e-6, 0, 8)).isEqualTo(Outcome.REMARK);
  }

  @Test
  void nothingIsKnown_ofASingleChunk() {
    assertThat(equality(5, Double.NaN, 0)).isEqualTo(Outcome.UNKNOWN);
    assertThat(looseness(-5, Double.NaN, 0)).isEqualTo(Outcome.UNKNOWN);
    assertThat(Agreement.equality("any-order", difference(5, Double.NaN, 0)).text())
        .isEqualTo(
            "any-order less continuous: +5.00000 +- unknown nats, between the ends of the schedule;"
                + " allowed: unknown");
  }

  @Test
  void text_hasTheNumbers() {
    assertThat(Agreement.equality("any-order", difference(-0.01, 0.01, 8)).text())
        .isEqualTo(
            "any-order less continuous: -0.01000 +- 0.01000 nats, 8 degrees of freedom, between the"
                + " ends of the schedule; allowed: either way 0.04297");
  }
}
