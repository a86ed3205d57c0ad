// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The learned noise of Gaussian diffusion: its curve, and the parameters behind it. */
final class NoiseCurveTest {
  private static final double[] SHARES = {0.5, 0.125, 0.375};
  private static final NoiseCurve CURVE = new NoiseCurve(2, -4, SHARES);

  private static float[] raw(long seed) {
    Random random = new Random(seed);
    float[] raw = new LearnedNoise(1, -7).initial();
    for (int i = 2; i < raw.length; i++) {
      raw[i] = (float) random.nextGaussian();
    }
    return raw;
  }

  /** Each third of the way from 2 to -4 takes its share of the time. */
  @Test
  @Tag("exact")
  void logSnr_fallsByStraightPieces() {
    assertThat(CURVE.logSnr(0)).isEqualTo(2);
    assertThat(CURVE.logSnr(0.25)).isEqualTo(1);
    assertThat(CURVE.logSnr(0.5)).isEqualTo(0);
    assertThat(CURVE.logSnr(0.5625)).isEqualTo(-1);
    assertThat(CURVE.logSnr(0.625)).isEqualTo(-2);
    assertThat(CURVE.logSnr(1)).isEqualTo(-4);
    assertThat(CURVE.piece(0)).isZero();
    assertThat(CURVE.piece(0.5)).isEqualTo(1);
    assertThat(CURVE.piece(0.6)).isEqualTo(1);
    assertThat(CURVE.piece(1)).isEqualTo(2);
    assertThat(CURVE.fall()).isEqualTo(2);
    assertThat(CURVE.start()).isEqualTo(2);
    assertThat(CURVE.end()).isEqualTo(-4);
  }

  @Test
  @Tag("exact")
  void alpha_isTheLogisticOfTheRatio_andItsSlopeACentralDifference() {
    NoiseCurve learned = LearnedNoise.curve(raw(3));
    MaskingSchedule schedule = new MaskingSchedule(learned, 0);
    double h = 1e-7;
    double before = 1;
    for (double t = 0.0051; t < 1; t += 0.0101) {
      double alpha = learned.alpha(t);
      assertThat(alpha).isLessThan(before);
      assertThat(alpha + learned.oneMinusAlpha(t)).isCloseTo(1, within(1e-15));
      assertThat(schedule.logSnr(t)).isCloseTo(learned.logSnr(t), within(1e-12));
      if (learned.piece(t - h) == learned.piece(t + h)) {
        double slope = (learned.alpha(t + h) - learned.alpha(t - h)) / (2 * h);
        // A difference of doubles near 1 over 2e-7.
        assertThat(learned.alphaPrime(t)).isCloseTo(slope, within(1e-8 + 1e-6 * -slope));
      }
      before = alpha;
    }
  }

  @Test
  @Tag("exact")
  void start_isAStraightLine_andShareAndEndsFollowTheParameters() {
    NoiseCurve start = LearnedNoise.curve(new LearnedNoise().initial());
    assertThat(start.logSnr(0)).isCloseTo(0.2, within(1e-7));
    assertThat(start.logSnr(0.5)).isCloseTo(-4.3, within(1e-6));
    assertThat(start.logSnr(1)).isCloseTo(-8.8, within(1e-6));
    float[] raw = new LearnedNoise().initial();
    raw[2] = 50;
    NoiseCurve steep = LearnedNoise.curve(raw);
    assertThat(steep.share(0)).isCloseTo(0.9 + 0.1 / 32, within(1e-12));
    assertThat(steep.share(7)).isCloseTo(0.1 / 32, within(1e-12));
  }

  /** The gradient of an arbitrary function of ends and shares, against central differences. */
  @Test
  @Tag("exact")
  void gradientByRaw_isACentralDifference() {
    float[] raw = raw(5);
    NoiseCurve curve = LearnedNoise.curve(raw);
    double[] byLogShare = new double[curve.pieces()];
    for (int k = 0; k < byLogShare.length; k++) {
      byLogShare[k] = Math.cos(k);
    }
    float[] gradient = LearnedNoise.gradientByRaw(3, -2, byLogShare, raw);
    assertThat(gradient[0]).isEqualTo(3);
    assertThat(gradient[1]).isEqualTo(-2);
    for (int i = 2; i < raw.length; i++) {
      double slope = (valueWith(raw, i, 1e-2f) - valueWith(raw, i, -1e-2f)) / 2e-2;
      // Of second order in the step, with parameters in float32.
      assertThat((double) gradient[i]).isCloseTo(slope, within(2e-5));
    }
  }

  private static double valueWith(float[] raw, int index, float step) {
    float[] moved = raw.clone();
    moved[index] += step;
    NoiseCurve curve = LearnedNoise.curve(moved);
    double value = 0;
    for (int k = 0; k < curve.pieces(); k++) {
      value += Math.cos(k) * Math.log(curve.share(k));
    }
    return value;
  }

  @Test
  void confine_keepsTheEndsInReachAndApart() {
    float[] raw = {20, 15, 0};
    LearnedNoise.confine(raw);
    assertThat(raw).containsExactly(12, 11, 0);
    raw = new float[] {-30, -40, 0};
    LearnedNoise.confine(raw);
    assertThat(raw).containsExactly(-11, -12, 0);
    raw = new float[] {1, -7, 5};
    LearnedNoise.confine(raw);
    assertThat(raw).containsExactly(1, -7, 5);
  }

  /** Parameters that a float32 training may reach, whose exponentials are infinite. */
  @Test
  void shares_ofFarParametersAreFinite() {
    float[] raw = raw(7);
    for (int i = 2; i < raw.length; i++) {
      raw[i] += 1000;
    }
    NoiseCurve far = LearnedNoise.curve(raw);
    NoiseCurve near = LearnedNoise.curve(raw(7));
    for (int k = 0; k < near.pieces(); k++) {
      assertThat(far.share(k)).isCloseTo(near.share(k), within(1e-4)); // float32 near 1000
    }
  }

  @Test
  void kinds_areAllTold() {
    List<ScheduleConfig> kinds =
        List.of(new Curve.Linear(), ScheduleConfig.parse("learned(1)"), new LearnedNoise());
    for (ScheduleConfig one : kinds) {
      for (ScheduleConfig other : kinds) {
        assertThat(one.isLike(other)).isEqualTo(one.getClass() == other.getClass());
      }
    }
    assertThat(kinds).extracting(ScheduleConfig::isLearned).containsExactly(false, true, true);
  }

  @Test
  void config_isReadAsItIsWritten() {
    assertThat(ScheduleConfig.parse("learned-noise")).isEqualTo(new LearnedNoise(0.2, -8.8));
    ScheduleConfig own = ScheduleConfig.parse(" learned-noise( 3, -9.5 ) ");
    assertThat(own).isEqualTo(new LearnedNoise(3, -9.5)).hasToString("learned-noise(3, -9.5)");
    assertThat(ScheduleConfig.parse(own.toString())).isEqualTo(own);
    assertThat(own.parameterCount(7)).isEqualTo(34);
    assertThat(own.starting(7, 1e-4)).isInstanceOf(MaskingSchedule.class);
    assertThat(own.isLearned()).isTrue();
    assertThat(own.isLike(new LearnedNoise())).isTrue();
    assertThat(own.isLike(new Curve.Linear())).isFalse();
    assertThat(new Curve.Cosine().isLike(new Curve.Linear())).isTrue();
    assertThat(ScheduleConfig.parse("learned(1)").isLike(own)).isFalse();
    assertThat(own.isLike(ScheduleConfig.parse("learned(1)"))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"learned-noise(3)", "learned-noise(3, x)", "learned-noise 3"})
  void config_refusesAnyOtherForm(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScheduleConfig.parse(text))
        .withMessage(
            "a learned noise is written learned-noise or learned-noise(START, END): " + text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "learned-noise(13, 0)",
        "learned-noise(0, -13)",
        "learned-noise(0, -0.5)",
        "learned-noise(NaN, 0)"
      })
  void config_refusesEndsOutOfReach(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScheduleConfig.parse(text))
        .withMessageStartingWith(
            "a learned noise must start at most at 12 and end at least at -12, 1 lower: ");
  }

  @Test
  void curve_refusesAnotherNumberOfParameters() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LearnedNoise.curve(new float[33]))
        .withMessage("there must be 34 parameters: 33");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LearnedNoise.gradientByRaw(0, 0, new double[32], new float[35]))
        .withMessage("there must be 34 parameters: 35");
  }

  @Test
  void curve_refusesWhatDoesNotFallOrAddUp() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new NoiseCurve(1, 1, SHARES))
        .withMessage("a log signal-to-noise ratio must fall: from 1.0 to 1.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new NoiseCurve(1, -1, new double[] {0.5, 0, 0.5}))
        .withMessage("a share of the time must be above 0: 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new NoiseCurve(1, -1, new double[] {0.5, 0.25}))
        .withMessage("the shares of the time must add up to 1: 0.75");
    double most = Double.MAX_VALUE;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new NoiseCurve(most, -most, SHARES))
        .withMessageStartingWith("a log signal-to-noise ratio must fall: from ");
    assertThat(new NoiseCurve(most, most / 2, SHARES).start()).isEqualTo(most);
    assertThat(CURVE)
        .isEqualTo(new NoiseCurve(2, -4, SHARES.clone()))
        .hasSameHashCodeAs(new NoiseCurve(2, -4, SHARES.clone()))
        .isNotEqualTo(new NoiseCurve(2, -5, SHARES))
        .isNotEqualTo(new NoiseCurve(3, -4, SHARES))
        .isNotEqualTo(new NoiseCurve(2, -4, new double[] {0.125, 0.5, 0.375}))
        .hasToString("learned noise from 2.00 to -4.00");
  }
}
