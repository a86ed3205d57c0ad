// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.noise.Noise.Purpose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class NoiseTest {
  private static final Noise NOISE = new Noise(17);

  @Test
  @Tag("exact")
  void uniform_isAnElementOfUniforms() {
    double[] u = NOISE.uniforms(Purpose.MASK, 3, 5, 7);
    for (int i = 0; i < u.length; i++) {
      assertThat(NOISE.uniform(Purpose.MASK, 3, 5, i)).isEqualTo(u[i]);
    }
  }

  @Test
  @Tag("exact")
  void uniforms_ofAShorterCountArePrefix() {
    assertThat(NOISE.uniforms(Purpose.MASK, 3, 5, 13))
        .startsWith(NOISE.uniforms(Purpose.MASK, 3, 5, 6));
  }

  @Test
  @Tag("exact")
  void uniforms_dependOnEveryArgument() {
    double[] u = NOISE.uniforms(Purpose.MASK, 3, 5, 1);
    assertThat(new Noise(18).uniforms(Purpose.MASK, 3, 5, 1)).isNotEqualTo(u);
    assertThat(NOISE.uniforms(Purpose.TIME, 3, 5, 1)).isNotEqualTo(u);
    assertThat(NOISE.uniforms(Purpose.MASK, 4, 5, 1)).isNotEqualTo(u);
    assertThat(NOISE.uniforms(Purpose.MASK, 3, 6, 1)).isNotEqualTo(u);
  }

  @Test
  @Tag("exact")
  void uniforms_rejectAStepThatDoesNotFitItsWord() {
    assertThatIllegalArgumentException().isThrownBy(() -> NOISE.uniform(Purpose.MASK, -1, 0, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NOISE.uniform(Purpose.MASK, 0, 1L << 32, 0));
  }

  /**
   * Mean and variance of 100,003 uniforms over several examples; each bound is five standard
   * errors, so a false alarm has probability below 2e-6.
   */
  @Test
  @Tag("statistical")
  void uniforms_haveMeanAndVarianceOfTheUniformLaw() {
    int n = 100_003;
    double[] u = NOISE.uniforms(Purpose.SAMPLE, 0, 0, n);
    double mean = 0;
    double square = 0;
    for (double x : u) {
      assertThat(x).isGreaterThanOrEqualTo(0).isLessThan(1);
      mean += x / n;
      square += (x - 0.5) * (x - 0.5) / n;
    }
    assertThat(mean).isCloseTo(0.5, within(5 * Math.sqrt(1.0 / 12 / n)));
    assertThat(square).isCloseTo(1.0 / 12, within(5 * Math.sqrt(1.0 / 180 / n)));
  }
}
