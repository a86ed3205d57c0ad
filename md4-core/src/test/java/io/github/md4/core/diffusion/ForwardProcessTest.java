// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
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
    ForwardProcess process = new ForwardProcess(SPACE, new MaskingSchedule(curve));
    for (double t : new double[] {0, 0.3, 1}) {
      double alpha = process.schedule().alpha(t);
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
      double expected = 1 - process.schedule().alpha(t);
      assertThat(rate).isCloseTo(expected, within(5 * Math.sqrt(expected * (1 - expected) / size)));
    }
  }
}
