// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class AdamWTest {
  @Test
  @Tag("exact")
  void numbers_areChecked() {
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(1, 0.9, 1e-8, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(0.9, Double.NaN, 1e-8, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(0.9, 0.9, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(0.9, 0.9, 1e-8, -1));
  }

  /** Updates are computed in 32 bits, where these would be 1, 0 or infinite. */
  @Test
  @Tag("exact")
  void numbers_areCheckedIn32Bits() {
    double almostOne = 1 - 1e-9;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AdamW(0.9, almostOne, 1e-8, 0))
        .withMessage("beta2 is 1.0 in 32 bits, with which updates are computed: 0.999999999");
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(almostOne, 0.9, 1e-8, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AdamW(0.9, 0.9, 1e-50, 0))
        .withMessage("epsilon is 0.0 in 32 bits, with which updates are computed: 1.0E-50");
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(0.9, 0.9, 1e39, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(0.9, 0.9, 1e-8, 1e39));
    assertThat(new AdamW(0, 0.999999, 1e-30, 1e-50).weightDecay()).isEqualTo(1e-50);
  }
}
