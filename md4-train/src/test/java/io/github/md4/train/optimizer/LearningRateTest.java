// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.train.optimizer.LearningRate.Constant;
import io.github.md4.train.optimizer.LearningRate.WarmUpCosine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class LearningRateTest {
  @Test
  void warmUp_risesInEqualStepsFromZero() {
    for (LearningRate rate : new LearningRate[] {new WarmUpCosine(7, 5, 23), new Constant(7, 5)}) {
      for (int k = 0; k <= 5; k++) {
        assertThat(rate.at(k)).isCloseTo(7.0 * k / 5, within(1e-15));
      }
    }
  }

  @Test
  void withoutWarmUp_theFirstRateIsTheBase() {
    assertThat(new WarmUpCosine(7, 0, 23).at(0)).isEqualTo(7);
    assertThat(new Constant(7, 0).at(0)).isEqualTo(7);
  }

  /** At thirds of what follows the warm-up the cosine is 1, 1/2, -1/2 and -1. */
  @Test
  void cosine_hasItsClosedFormAtThirds() {
    LearningRate rate = new WarmUpCosine(8, 5, 5 + 21);
    double[] expected = {8, 6, 2, 0};
    for (int third = 0; third <= 3; third++) {
      assertThat(rate.at(5 + 7L * third)).isCloseTo(expected[third], within(1e-14));
    }
  }

  @Test
  void cosine_fallsAfterTheWarmUp() {
    LearningRate rate = new WarmUpCosine(3e-4, 2000, 1_000_000);
    for (long k = 2000; k < 1_000_000; k += 9973) {
      assertThat(rate.at(k + 1)).isLessThan(rate.at(k));
    }
  }

  @Test
  void constant_staysAtTheBase() {
    assertThat(new Constant(3e-4, 5).at(1L << 40)).isEqualTo(3e-4);
  }

  @Test
  void rates_rejectWhatHasNoMeaning() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Constant(Double.NaN, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new Constant(-1, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new Constant(1, -1));
    LearningRateConfig usual = LearningRateConfig.defaults();
    for (double base : new double[] {1e-50, 1e39, -1}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new LearningRateConfig(base, 0, usual.decay()))
          .withMessageStartingWith("base ");
    }
    assertThat(new LearningRateConfig(0, 0, usual.decay()).base()).isZero();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new WarmUpCosine(1, 5, 5))
        .withMessage("training.steps must be more than training.learningRate.warmUp (5): 5");
  }
}
