// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class CurveTest {
  private static final List<Curve> CURVES = Schedules.CURVES;

  @ParameterizedTest
  @FieldSource("CURVES")
  void alphaPrime_isTheSlopeOfAlpha(Curve curve) {
    double h = 1e-6;
    for (double t = 0.01; t < 0.99; t += 0.01) {
      double slope = (curve.alpha(t + h) - curve.alpha(t - h)) / (2 * h);
      // Rounding is 1e-16 / h, truncation h^2 times a third derivative of at most 1e5.
      assertThat(curve.alphaPrime(t)).isCloseTo(slope, within(1e-9 + 1e-7 * Math.abs(slope)));
    }
  }

  @ParameterizedTest
  @FieldSource("CURVES")
  void alphaAndOneMinusAlpha_sumToOne(Curve curve) {
    for (int i = 0; i <= 1000; i++) {
      // Each is good to about one unit in the last place of a number below 1.
      assertThat(curve.alpha(i / 1e3) + curve.oneMinusAlpha(i / 1e3)).isCloseTo(1, within(5e-16));
    }
  }

  @Test
  void ends_areExactButForGeometric() {
    for (Curve curve : CURVES.subList(0, 5)) {
      assertThat(curve.alpha(0)).as("%s", curve).isEqualTo(1);
      assertThat(curve.oneMinusAlpha(0)).as("%s", curve).isEqualTo(0);
      assertThat(curve.alpha(1)).as("%s", curve).isEqualTo(0);
      assertThat(curve.oneMinusAlpha(1)).as("%s", curve).isEqualTo(1);
    }
    Curve geometric = new Curve.Geometric(1e-5, 20);
    assertThat(geometric.alpha(0)).isEqualTo(Math.exp(-1e-5));
    assertThat(geometric.alpha(1)).isEqualTo(Math.exp(-20));
  }

  @Test
  void oneMinusAlpha_doesNotCancelNearZero() {
    double t = 1e-12;
    // The Taylor series end after one term at this size, but for 1e-12 relative.
    assertThat(new Curve.Cosine().oneMinusAlpha(t)).isEqualTo(Math.PI / 2 * t, within(1e-24));
    assertThat(new Curve.Polynomial(2).oneMinusAlpha(t)).isEqualTo(1e-24, within(1e-39));
    double beta = 1e-9;
    assertThat(new Curve.Geometric(beta, 20).oneMinusAlpha(0))
        .isEqualTo(beta - beta * beta / 2, within(1e-24));
  }

  @Test
  void alpha_doesNotCancelNearOne() {
    double h = 0x1p-30; // so that 1 - h is exact
    assertThat(new Curve.Cosine().alpha(1 - h))
        .isEqualTo(Math.PI * Math.PI / 8 * h * h, within(1e-15 * h));
    // 1 - (1 - h)^3, in exact arithmetic.
    BigDecimal kept = BigDecimal.ONE.subtract(new BigDecimal(1 - h).pow(3));
    assertThat(new Curve.Polynomial(3).alpha(1 - h))
        .isEqualTo(kept.doubleValue(), within(1e-15 * h));
  }

  /** The middle belongs to the branch that does not cancel: half a unit in the last place. */
  @Test
  void alpha_isRoundedOnceInTheMiddle() {
    double exact = 0.2928932188134525; // 1 - sqrt(1 / 2), the nearest double
    assertThat(new Curve.Cosine().alpha(0.5)).isEqualTo(exact, within(4e-17));
    assertThat(new Curve.Polynomial(0.5).alpha(0.5)).isEqualTo(exact, within(4e-17));
  }

  @Test
  void polynomialOfOne_isLinear() {
    for (double t = 0; t <= 1; t += 0.125) {
      assertThat(new Curve.Polynomial(1).alpha(t)).isEqualTo(1 - t, within(1e-16));
      assertThat(new Curve.Polynomial(1).alphaPrime(t)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @FieldSource("CURVES")
  void parse_readsToString(Curve curve) {
    assertThat(Curve.parse(curve.toString())).isEqualTo(curve);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "linear|linear",
        " cosine |cosine",
        "polynomial(3)|polynomial(3)",
        "polynomial( 2.50 )|polynomial(2.5)",
        "polynomial(1e10)|polynomial(1e10)",
        "geometric|geometric(1e-5, 20)",
        "geometric(1.5e-5,20.0)|geometric(1.5e-5, 20)"
      })
  void toString_isCanonical(String text, String canonical) {
    assertThat(Curve.parse(text)).hasToString(canonical);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "sigmoid",
        "linear(1)",
        "polynomial",
        "polynomial()",
        "polynomial(a)",
        "polynomial(1, 2)",
        "polynomial(3",
        "geometric(1)",
        "geometric(1e-5, 20, 3)"
      })
  void parse_namesTheValidForms(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Curve.parse(text))
        .withMessageContaining("linear, cosine, polynomial(EXPONENT), geometric")
        .withMessageEndingWith(": " + text);
  }

  @ParameterizedTest
  @CsvSource({"Linear, linear", "liner, linear", "polynomal(1), polynomial"})
  void parse_namesTheNearest(String text, String nearest) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Curve.parse(text))
        .withMessageContaining("linear, cosine, polynomial(EXPONENT), geometric")
        .withMessageEndingWith(": " + text + "; did you mean " + nearest + "?");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void polynomial_rejectsNonPositiveExponent(double exponent) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Curve.Polynomial(exponent))
        .withMessageContaining("exponent must be above 0");
  }

  @ParameterizedTest
  @CsvSource({"0, 20", "2, 1", "NaN, 20", "1, NaN", "1, Infinity", "3, 3"})
  void geometric_rejectsUnorderedBetas(double betaMin, double betaMax) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Curve.Geometric(betaMin, betaMax))
        .withMessageContaining("0 < betaMin < betaMax");
  }
}
