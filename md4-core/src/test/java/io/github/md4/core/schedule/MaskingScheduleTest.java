// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class MaskingScheduleTest {
  private static final List<MaskingSchedule> SCHEDULES = Schedules.SCHEDULES;
  private static final double EPSILON = MaskingSchedule.DEFAULT_EPSILON;

  @ParameterizedTest
  @FieldSource("SCHEDULES")
  void lossWeight_isTheSlopeOfLogSnrTimesAlpha(MaskingSchedule schedule) {
    double h = 1e-6;
    for (double t = 0.01; t < 0.99; t += 0.01) {
      double slope = (schedule.logSnr(t + h) - schedule.logSnr(t - h)) / (2 * h);
      double expected = slope * schedule.alpha(t);
      // A central difference with this h is good to about 1e-9 absolute, 1e-7 relative.
      assertThat(schedule.lossWeight(t))
          .isCloseTo(expected, within(2e-9 + 1e-6 * Math.abs(expected)));
    }
  }

  @ParameterizedTest
  @FieldSource("SCHEDULES")
  void lossWeightTimesMaskProbability_integratesToTheDropOfAlpha(MaskingSchedule schedule) {
    // The integrand is -alpha'; t = v^4 takes away the singularity of exponents below 1 at 0.
    double integral =
        integrate(
            v -> {
              double t = v * v * v * v;
              double slope = 4 * v * v * v;
              return v == 0 ? 0 : -schedule.lossWeight(t) * schedule.oneMinusAlpha(t) * slope;
            });
    Curve curve = schedule.curve();
    double drop = (1 - 2 * EPSILON) * (curve.alpha(0) - curve.alpha(1));
    assertThat(schedule.alpha(0) - schedule.alpha(1)).isEqualTo(drop, within(1e-15));
    // Simpson's rule with h = 1e-3 and fourth derivatives up to 1e4, over 180.
    assertThat(integral).isEqualTo(drop, within(1e-10));
  }

  /**
   * The bound of a network that ignores time is the same under every schedule: for one masked token
   * in N, E[w] is the integral of -w P(this many masked), and only the ends count.
   */
  @ParameterizedTest
  @FieldSource("SCHEDULES")
  void expectedWeightOfAMaskCount_isItsReciprocal(MaskingSchedule schedule) {
    int length = 5;
    double ends = schedule.oneMinusAlpha(0) + schedule.alpha(1);
    for (int masked = 1; masked <= length; masked++) {
      int k = masked;
      double integral =
          integrate(
              v -> {
                double t = v * v * v * v;
                double one = schedule.oneMinusAlpha(t);
                double chance =
                    Math.pow(one, k - 1) * Math.pow(schedule.alpha(t), length - k) * 4 * v * v * v;
                return v == 0 ? 0 : -schedule.alphaPrime(t) * chance;
              });
      // integral of x^(k-1) (1-x)^(N-k) over [0, 1] is 1 / (k binomial(N, k)); what is cut off at
      // the ends is at most as wide as they are.
      assertThat(k * binomial(length, k) * integral)
          .isEqualTo(1, within(1.1 * k * binomial(length, k) * ends));
    }
  }

  @ParameterizedTest
  @FieldSource("SCHEDULES")
  void unmaskProbability_isTheLawOfTotalProbability(MaskingSchedule schedule) {
    for (double t = 0.05; t <= 1; t += 0.05) {
      double s = 0.7 * t;
      double masked = schedule.oneMinusAlpha(t) * (1 - schedule.unmaskProbability(s, t));
      // A few roundings of numbers below 1.
      assertThat(masked).isEqualTo(schedule.oneMinusAlpha(s), within(5e-16));
    }
  }

  @ParameterizedTest
  @FieldSource("SCHEDULES")
  void ends_areTheSqueezedEndsOfTheCurve(MaskingSchedule schedule) {
    Curve curve = schedule.curve();
    for (double t : new double[] {0, 1}) {
      double alpha = EPSILON + (1 - 2 * EPSILON) * curve.alpha(t);
      assertThat(schedule.alpha(t)).isEqualTo(alpha);
      assertThat(schedule.oneMinusAlpha(t))
          .isEqualTo(EPSILON + (1 - 2 * EPSILON) * curve.oneMinusAlpha(t));
      assertThat(schedule.alpha(t) + schedule.oneMinusAlpha(t)).isEqualTo(1, within(2e-16));
    }
  }

  @Test
  void lossWeight_atZeroIsTheExactValueNotTheFloat32One() {
    // -(1 - 2 epsilon) / epsilon; md4's float32 gives -10002.3.
    assertThat(new MaskingSchedule(new Curve.Linear()).lossWeight(0))
        .isEqualTo(-9998, within(1e-9));
    assertThat(new MaskingSchedule(new Curve.Linear()).logSnr(0))
        .isEqualTo(Math.log(0.9999 / 0.0001), within(1e-14));
  }

  @Test
  void lossWeight_ofExponentBelowOneIsMinusInfinityAtZero() {
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Polynomial(0.5));
    assertThat(schedule.lossWeight(0)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(schedule.lossWeight(Double.MIN_NORMAL)).isFinite();
  }

  @Test
  void withoutSqueeze_isTheClosedFormOfThePaper() {
    MaskingSchedule cubic = new MaskingSchedule(new Curve.Polynomial(3), 0);
    MaskingSchedule cosine = new MaskingSchedule(new Curve.Cosine(), 0);
    for (double t = 0.1; t < 1; t += 0.1) {
      // -k / t and -(pi/2) tan(pi/2 (1 - t)), each good to a few units in the last place.
      assertThat(cubic.lossWeight(t)).isEqualTo(-3 / t, within(1e-15 * 3 / t));
      double expected = -Math.PI / 2 * Math.tan(Math.PI / 2 * (1 - t));
      assertThat(cosine.lossWeight(t)).isEqualTo(expected, within(-1e-14 * expected));
    }
    assertThat(cubic.lossWeight(0)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(cubic.unmaskProbability(0, 0)).isZero();
    assertThat(cubic.unmaskProbability(0, 1e-9)).isOne();
    assertThat(cubic.logSnr(0)).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(cubic.logSnr(1)).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1e-9, 0.5, Double.NaN})
  void schedule_rejectsEpsilonOutOfRange(double epsilon) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MaskingSchedule(new Curve.Linear(), epsilon))
        .withMessageStartingWith("epsilon must be in [0, 0.5)");
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1e-9, 1.001, Double.NaN})
  void schedule_rejectsTimeOutOfRange(double t) {
    MaskingSchedule schedule = SCHEDULES.get(0);
    assertThatIllegalArgumentException().isThrownBy(() -> schedule.alpha(t));
    assertThatIllegalArgumentException().isThrownBy(() -> schedule.lossWeight(t));
    assertThatIllegalArgumentException().isThrownBy(() -> schedule.unmaskProbability(0, t));
  }

  @ParameterizedTest
  @CsvSource({"0.5, 0.4", "-0.1, 0.4", "NaN, 0.4"})
  void unmaskProbability_rejectsTimesOutOfOrder(double s, double t) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SCHEDULES.get(0).unmaskProbability(s, t))
        .withMessageContaining("s <= t");
  }

  /** Simpson's rule on [0, 1]. */
  private static double integrate(DoubleUnaryOperator f) {
    int n = 1000;
    double sum = f.applyAsDouble(0) + f.applyAsDouble(1);
    for (int i = 1; i < n; i++) {
      sum += (i % 2 == 0 ? 2 : 4) * f.applyAsDouble((double) i / n);
    }
    return sum / (3 * n);
  }

  private static double binomial(int n, int k) {
    double product = 1;
    for (int i = 1; i <= k; i++) {
      product *= (double) (n - k + i) / i;
    }
    return product;
  }

  @ParameterizedTest
  @FieldSource("SCHEDULES")
  void timeWhenMasked_undoesOneMinusAlpha(MaskingSchedule schedule) {
    for (double b = 0.001; b < 0.999; b += 0.01) {
      if (b > schedule.oneMinusAlpha(0) && b < schedule.oneMinusAlpha(1)) {
        // Bisection to the last bit of t; steep curves magnify it.
        assertThat(schedule.oneMinusAlpha(schedule.timeWhenMasked(b))).isCloseTo(b, within(1e-12));
      }
    }
    assertThat(schedule.timeWhenMasked(0)).isZero();
    assertThat(schedule.timeWhenMasked(schedule.oneMinusAlpha(0))).isZero();
    assertThat(schedule.timeWhenMasked(1.1)).isEqualTo(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> schedule.timeWhenMasked(Double.NaN))
        .withMessage("a probability must be at least 0: NaN");
  }

  /** Linear without a squeeze: the time is b itself, up to the last interval of the bisection. */
  @Test
  void timeWhenMasked_isTheUpperEndOfTheLastInterval() {
    MaskingSchedule linear = new MaskingSchedule(new Curve.Linear(), 0);
    assertThat(linear.timeWhenMasked(0.5)).isEqualTo(0.5);
    assertThat(linear.timeWhenMasked(1e-30)).isEqualTo(0x1p-60);
  }

  @Test
  void unmaskProbability_inTheMiddleIsTakenFromTheMaskedShares() {
    // 0.5 - 0.3 is exact; (1 - 0.3) - 0.5 is not.
    assertThat(new MaskingSchedule(new Curve.Linear(), 0).unmaskProbability(0.3, 0.5))
        .isEqualTo(0.4);
  }
}
