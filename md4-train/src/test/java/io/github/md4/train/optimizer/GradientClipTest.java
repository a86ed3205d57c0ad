// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class GradientClipTest {
  @ParameterizedTest
  @ValueSource(strings = {"none", "norm(1.0)", "value(0.25)"})
  void text_isReadBack(String text) {
    assertThat(GradientClip.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "norm", "norm()", "norm(x)", "value(1, 2)", "abs(1)", "norm(1"})
  void text_thatIsNoClipIsRejectedWithTheChoices(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GradientClip.parse(text))
        .withMessage("clip must be none, norm(c) or value(c) for a number c, as norm(1): %s", text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"norm(0)", "norm(NaN)", "value(-1)"})
  void text_ofABoundThatIsNotPositiveIsRejected(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GradientClip.parse(text))
        .withMessageStartingWith("a gradient's bound must be positive: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"norm(1e-50)", "value(1e-46)"})
  void text_ofABoundThatIsZeroIn32BitsIsRejected(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GradientClip.parse(text))
        .withMessageStartingWith("a gradient's bound is 0.0 in 32 bits, ");
  }
}
