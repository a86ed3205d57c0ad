// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class GenMd4ScheduleTest {
  private static final double EPSILON = 1e-4;
  private static final float[] RAW = {0.5f, -3, 1.25f, 4, 0.541325f};
  private static final GenMd4Schedule SCHEDULE = GenMd4Schedule.ofRaw(RAW, 5, EPSILON);
  private static final long[] COUNTS = {3, 0, 7, 1, 2};

  @Test
  void power_isTheSoftplusOfItsParameter() {
    for (int v = 0; v < RAW.length; v++) {
      double naive = Math.log(1 + Math.exp(RAW[v]));
      assertThat(SCHEDULE.power(v)).isCloseTo(naive, within(1e-15));
    }
    assertThat(SCHEDULE.power(4)).isCloseTo(1, within(1e-6)); // md4's ln(e - 1), to six digits
    assertThat(SCHEDULE.vocabularySize()).isEqualTo(5);
  }

  @Test
  void aSharedParameter_isEveryTokens() {
    GenMd4Schedule shared = GenMd4Schedule.ofRaw(new float[] {0.5f}, 3, EPSILON);
    assertThat(shared.powers()).containsOnly(SCHEDULE.power(0)).hasSize(3);
  }

  @Test
  void alpha_isTheFormulaOfTheReference() {
    for (int v = 0; v < RAW.length; v++) {
      for (double t = 0; t <= 1; t += 0.0625) {
        double alpha = 1 - (1 - EPSILON) * Math.pow(t, SCHEDULE.power(v));
        assertThat(SCHEDULE.alpha(t, v)).isCloseTo(alpha, within(4e-16));
        assertThat(SCHEDULE.oneMinusAlpha(t, v)).isCloseTo(1 - alpha, within(4e-16));
      }
      assertThat(SCHEDULE.alpha(0, v)).isEqualTo(1);
      assertThat(SCHEDULE.alpha(1, v)).isCloseTo(EPSILON, within(1e-19));
    }
  }

  @Test
  void timeWhenMasked_isTheInverseOfTheMaskedShare() {
    for (int v = 0; v < RAW.length; v++) {
      for (double t = 0.1; t <= 1; t += 0.1) {
        double masked = SCHEDULE.oneMinusAlpha(t, v);
        assertThat(SCHEDULE.timeWhenMasked(masked, v)).isCloseTo(t, within(1e-14));
      }
      assertThat(SCHEDULE.timeWhenMasked(1, v)).isEqualTo(1);
      assertThat(SCHEDULE.timeWhenMasked(0, v)).isZero();
    }
  }

  @Test
  void lossWeight_isTheSlopeOfAlphaOverTheMaskedShare() {
    double h = 1e-6;
    for (int v = 0; v < RAW.length; v++) {
      for (double t = 0.05; t < 0.99; t += 0.05) {
        double slope = (SCHEDULE.alpha(t + h, v) - SCHEDULE.alpha(t - h, v)) / (2 * h);
        double expected = slope / SCHEDULE.oneMinusAlpha(t, v);
        // Rounding is 1e-16 / h, truncation h^2 times a third derivative; over shares down to 1e-5.
        assertThat(SCHEDULE.lossWeight(t, v)).isCloseTo(expected, within(1e-4 * -expected));
      }
    }
  }

  @Test
  void maskLogOdds_haveTheirSlope() {
    double h = 1e-6;
    for (int v = 0; v < RAW.length; v++) {
      for (double t = 0.05; t < 1; t += 0.05) {
        double odds = SCHEDULE.oneMinusAlpha(t, v) / SCHEDULE.alpha(t, v);
        assertThat(SCHEDULE.maskLogOdds(t, v)).isCloseTo(Math.log(odds), within(1e-12));
        double slope = (moved(v, h).maskLogOdds(t, v) - moved(v, -h).maskLogOdds(t, v)) / (2 * h);
        assertThat(SCHEDULE.maskLogOddsSlope(t, v)).isCloseTo(slope, within(1e-7 * -slope));
      }
    }
  }

  @Test
  void unmaskProbability_isTheDropOfAlphaOverTheMaskedShare() {
    for (int v = 0; v < RAW.length; v++) {
      double dropped = SCHEDULE.alpha(0.3, v) - SCHEDULE.alpha(0.7, v);
      assertThat(SCHEDULE.unmaskProbability(0.3, 0.7, v))
          .isCloseTo(dropped / SCHEDULE.oneMinusAlpha(0.7, v), within(1e-14));
      assertThat(SCHEDULE.unmaskProbability(0, 0.7, v)).isEqualTo(1);
      assertThat(SCHEDULE.unmaskProbability(0.7, 0.7, v)).isEqualTo(0);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SCHEDULE.unmaskProbability(0.7, 0.3, 0))
        .withMessage("0 <= s <= t <= 1 and t > 0 must hold: 0.7, 0.3");
  }

  @Test
  void unmaskProbability_takesTheEndsOfTime() {
    assertThat(SCHEDULE.unmaskProbability(0, 1, 0)).isEqualTo(1);
    assertThat(SCHEDULE.unmaskProbability(1, 1, 0)).isEqualTo(0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SCHEDULE.unmaskProbability(0, 0, 0))
        .withMessage("0 <= s <= t <= 1 and t > 0 must hold: 0.0, 0.0");
  }

  /** At time 1 alpha is epsilon: the uniform epsilon is not below it, and a smaller one is. */
  @Test
  void criticalPower_atTimeOneIsInfinite() {
    assertThat(GenMd4Schedule.criticalPower(1, EPSILON, EPSILON))
        .isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(GenMd4Schedule.criticalPower(1, EPSILON / 2, EPSILON))
        .isEqualTo(Double.NEGATIVE_INFINITY);
  }

  /** The comparison of powers masks what the comparison of u with alpha does. */
  @Test
  void criticalPower_masksWhereTheUniformIsNotBelowAlpha() {
    double[] u = new Noise(5).uniforms(Purpose.SOURCE, 0, 0, 4000);
    int masked = 0;
    for (int i = 0; i < u.length; i++) {
      double t = i % 7 == 0 ? 1 : 0.001 + 0.999 * u[(i + 1) % u.length];
      double each = i % 5 == 0 ? u[i] * 2e-4 : u[i]; // also about epsilon
      int v = i % RAW.length;
      boolean isMasked = SCHEDULE.power(v) <= GenMd4Schedule.criticalPower(t, each, EPSILON);
      assertThat(isMasked).as("%s %s", t, each).isEqualTo(!(each < SCHEDULE.alpha(t, v)));
      masked += isMasked ? 1 : 0;
    }
    assertThat(masked).isBetween(1000, 3000);
  }

  /** Spec, Section 3.2: with all powers 1 it is (1 - epsilon) t1 ln V a token. */
  @Test
  void reconstructionOfUnitPowers_isThatOfAUniformGuess() {
    GenMd4Schedule unit = GenMd4Schedule.unit(27, EPSILON);
    double expected = (1 - EPSILON) * 1e-3 * Math.log(27);
    assertThat(unit.reconstruction(26)).isCloseTo(expected, within(1e-17));
    assertThat(expected / Math.log(2)).isCloseTo(4.754e-3, within(5e-7));
  }

  @Test
  void reconstruction_isTheCrossEntropyOfTheGuessOfWhatIsMasked() {
    double sum = 0;
    for (int v = 0; v < RAW.length; v++) {
      sum += Math.pow(1e-3, SCHEDULE.power(v));
    }
    for (int v = 0; v < RAW.length; v++) {
      double own = Math.pow(1e-3, SCHEDULE.power(v));
      double expected = -(1 - EPSILON) * own * Math.log(own / sum);
      assertThat(SCHEDULE.reconstruction(v)).isCloseTo(expected, within(1e-13 * expected));
    }
  }

  @Test
  void reconstructionGradient_isThatOfTheSum() {
    double h = 1e-6;
    double[] gradient = SCHEDULE.reconstructionGradient(COUNTS);
    for (int v = 0; v < RAW.length; v++) {
      double slope = (total(moved(v, h)) - total(moved(v, -h))) / (2 * h);
      // Rounding is 1e-15 / h, truncation h^2 times a third derivative of at most 1e4.
      assertThat(gradient[v]).isCloseTo(slope, within(2e-8));
    }
    assertThat(gradient[0]).isNotCloseTo(0, within(1e-3));
  }

  private static double total(GenMd4Schedule schedule) {
    double sum = 0;
    for (int v = 0; v < COUNTS.length; v++) {
      sum += COUNTS[v] * schedule.reconstruction(v);
    }
    return sum;
  }

  /** The schedule with one power moved. */
  private static GenMd4Schedule moved(int token, double by) {
    double[] powers = SCHEDULE.powers();
    powers[token] += by;
    return new GenMd4Schedule(powers, EPSILON);
  }

  @Test
  void gradientByRaw_isTheChainThroughSoftplus() {
    double[] byPower = {2, -3, 5, 7, -11};
    float[] own = GenMd4Schedule.gradientByRaw(byPower, RAW);
    float shared = GenMd4Schedule.gradientByRaw(byPower, new float[] {0.5f})[0];
    double h = 1e-3;
    for (int v = 0; v < RAW.length; v++) {
      double slope = (softplus(RAW[v] + h) - softplus(RAW[v] - h)) / (2 * h);
      // The result is float32; h^2 times a third derivative below 0.1 is below that.
      assertThat((double) own[v]).isCloseTo(byPower[v] * slope, within(2e-6));
    }
    assertThat(shared).isCloseTo((float) (0 / (1 + Math.exp(-0.5))), within(1e-6f));
    byPower[0] = 3;
    assertThat(GenMd4Schedule.gradientByRaw(byPower, new float[] {0.5f})[0])
        .isCloseTo((float) (1 / (1 + Math.exp(-0.5))), within(1e-7f));
  }

  private static double softplus(double x) {
    return Math.log(1 + Math.exp(x));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, 1000.5, Double.NaN, Double.POSITIVE_INFINITY})
  void schedule_rejectsAPowerOutOfBounds(double power) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GenMd4Schedule(new double[] {1, power}, EPSILON))
        .withMessage("the power of token 1 must be above 0 and at most 1000: " + power);
  }

  @Test
  void schedule_takesTheLargestPower() {
    assertThat(new GenMd4Schedule(new double[] {1, GenMd4Schedule.LARGEST_POWER}, 0).powers())
        .containsExactly(1, 1000);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 0.5, Double.NaN})
  void schedule_rejectsEpsilonOutOfBounds(double epsilon) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GenMd4Schedule(new double[] {1}, epsilon))
        .withMessage("epsilon must be in [0, 0.5): " + epsilon);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
  void schedule_rejectsTimesOutOfRange(double t) {
    List<ThrowingCallable> calls =
        List.of(
            () -> SCHEDULE.alpha(t, 0),
            () -> SCHEDULE.oneMinusAlpha(t, 0),
            () -> SCHEDULE.maskLogOdds(t, 0),
            () -> SCHEDULE.maskLogOddsSlope(t, 0),
            () -> SCHEDULE.lossWeight(t, 0),
            () -> SCHEDULE.at(t));
    for (ThrowingCallable call : calls) {
      assertThatIllegalArgumentException()
          .isThrownBy(call)
          .withMessage("time must be in [0, 1]: " + t);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SCHEDULE.timeWhenMasked(Double.NaN, 0))
        .withMessage("a probability must be at least 0: NaN");
  }

  @Test
  void schedule_rejectsListsOfOtherLengths() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GenMd4Schedule(new double[0], EPSILON))
        .withMessage("there must be at least one power: 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GenMd4Schedule.ofRaw(RAW, 4, EPSILON))
        .withMessage("there must be 1 number or 4: 5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SCHEDULE.reconstructionGradient(new long[4]))
        .withMessage("there must be V counts: 4");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GenMd4Schedule.gradientByRaw(new double[5], new float[4]))
        .withMessage("there must be 1 number or 5: 4");
  }

  @Test
  void time_runsFromTheFloorToOne() {
    assertThat(TimeFloor.time(0)).isEqualTo(1e-3);
    assertThat(TimeFloor.time(0.5)).isCloseTo(0.5005, within(1e-16));
    assertThat(TimeFloor.REFERENCE.factor()).isEqualTo(1);
    assertThat(TimeFloor.EXACT.factor()).isEqualTo(0.999);
    assertThat(TimeFloor.parse("exact")).isEqualTo(TimeFloor.EXACT);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TimeFloor.parse("none"))
        .withMessage("the time floor must be reference or exact: none");
  }
}
