// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ForwardProcessTest {
  private static final TokenSpace SPACE = new TokenSpace(7);

  static List<Curve> curves() {
    return List.of(
        new Curve.Linear(),
        new Curve.Cosine(),
        new Curve.Polynomial(3),
        new Curve.Polynomial(0.5),
        new Curve.Geometric());
  }

  @ParameterizedTest
  @MethodSource("curves")
  @Tag("exact")
  void mask_keepsATokenBelowAlpha(Curve curve) {
    MaskingSchedule schedule = new MaskingSchedule(curve);
    ForwardProcess process = new ForwardProcess(SPACE, schedule);
    for (double t : new double[] {0, 0.3, 1}) {
      double alpha = schedule.alpha(t);
      double[] u = {0, Math.nextDown(alpha), alpha, Math.nextDown(1.0)};
      assertThat(process.mask(new int[] {5, 0, 5, 0}, t, u)).containsExactly(5, 0, 7, 7);
    }
  }

  /**
   * Five standard errors of a binomial law, at 15 times and schedules: a false alarm has
   * probability below 1e-5.
   */
  @ParameterizedTest
  @MethodSource("curves")
  @Tag("statistical")
  void maskRate_isOneMinusAlpha(Curve curve) {
    ForwardProcess process = new ForwardProcess(SPACE, new MaskingSchedule(curve));
    int size = 100_003;
    int[] x = new int[size];
    double step = 0;
    for (double t : new double[] {0.11, 0.5, 0.93}) {
      double[] u = new Noise(61).uniforms(Purpose.MASK, (long) step++, 0, size);
      double rate =
          Arrays.stream(process.mask(x, t, u)).filter(SPACE::isMask).count() / (double) size;
      double expected = process.schedule().oneMinusAlpha(t, 0);
      assertThat(rate).isCloseTo(expected, within(5 * Math.sqrt(expected * (1 - expected) / size)));
    }
  }

  @Test
  @Tag("exact")
  void mask_rejectsMoreUniformsThanTokens() {
    ForwardProcess process = new ForwardProcess(new TokenSpace(5), GenMd4Schedule.unit(5, 0));
    assertThatThrownBy(() -> process.mask(new int[] {1, 2}, 0.5, new double[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there must be no more uniforms than tokens: 3, 2");
  }

  /**
   * Four deviations of a binomial law for each of five tokens: the seed is fixed; another would
   * fail once in 3,000 runs or so.
   */
  @Test
  @Tag("statistical")
  void maskRate_isEachTokensOwnWhereEachHasItsPower() {
    GenMd4Schedule schedule = new GenMd4Schedule(new double[] {0.5, 1, 2, 3, 0.1}, 1e-4);
    ForwardProcess process = new ForwardProcess(new TokenSpace(5), schedule);
    int[] x = {3, 0, 4, 1, 2};
    int draws = 20_000;
    double t = 0.3;
    int[] masked = new int[5];
    for (int i = 0; i < draws; i++) {
      double[] u = new Noise(71).uniforms(Purpose.SOURCE, 0, i, x.length);
      int[] zt = process.mask(x, t, u);
      for (int n = 0; n < x.length; n++) {
        assertThat(zt[n]).isIn(x[n], 5);
        masked[n] += zt[n] == 5 ? 1 : 0;
      }
    }
    for (int n = 0; n < x.length; n++) {
      double p = schedule.oneMinusAlpha(t, x[n]);
      double deviations = (masked[n] - draws * p) / Math.sqrt(draws * p * (1 - p));
      assertThat(deviations).as("token %d", n).isBetween(-4.0, 4.0);
    }
  }
}
