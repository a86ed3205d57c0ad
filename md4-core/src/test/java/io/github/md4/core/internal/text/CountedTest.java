// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class CountedTest {
  @Test
  void one_isTheSingular() {
    assertThat(Counted.of(1, "step")).isEqualTo("1 step");
    assertThat(Counted.of(0, "step")).isEqualTo("0 steps");
    assertThat(Counted.of(1000, "step")).isEqualTo("1,000 steps");
    assertThat(Counted.of(1, "class", "classes")).isEqualTo("1 class");
    assertThat(Counted.of(2, "class", "classes")).isEqualTo("2 classes");
  }
}
