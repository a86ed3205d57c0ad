// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.md4.train.optimizer.SpikeGuard.Bounds;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class SpikeGuardTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "off | off",
        "skip | skip(6.0, 128)",
        "skip(4.5) | skip(4.5, 128)",
        "skip(4, 50) | skip(4.0, 50)",
        "rollback | rollback(6.0, 128)",
        "rollback(3,20) | rollback(3.0, 20)",
      })
  void text_isReadAndWrittenInFull(String text, String written) {
    assertThat(SpikeGuard.parse(text)).hasToString(written);
    assertThat(SpikeGuard.parse(written)).isEqualTo(SpikeGuard.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "on",
        "off(1)",
        "skip()",
        "skip(x)",
        "skip(1, 2, 3)",
        "skip(1, 2.5)",
        "skip(1",
        "jump(6)"
      })
  void text_thatIsNoGuardIsRejectedWithTheChoices(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpikeGuard.parse(text))
        .withMessageStartingWith("guard must be off, skip(deviations, memory) or rollback(")
        .withMessageEndingWith(": " + text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"skip(0)", "skip(-1, 9)", "skip(NaN)", "rollback(6, 1)"})
  void text_ofImpossibleNumbersIsRejected(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpikeGuard.parse(text))
        .withMessageStartingWith("a guard's ");
  }

  @Test
  void variants_sayWhatTheyDo() {
    assertThat(SpikeGuard.parse("off").bounds()).isEmpty();
    assertThat(SpikeGuard.parse("skip").bounds()).contains(Bounds.defaults());
    assertThat(SpikeGuard.parse("skip").goesBack()).isFalse();
    assertThat(SpikeGuard.parse("rollback(3, 20)").bounds()).contains(new Bounds(3, 20));
    assertThat(SpikeGuard.parse("rollback").goesBack()).isTrue();
    assertThat(SpikeGuard.class.getPermittedSubclasses())
        .containsExactlyInAnyOrder(
            SpikeGuard.Off.class, SpikeGuard.Skip.class, SpikeGuard.Rollback.class);
  }
}
