// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

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
}
