// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class DistributionReportTest {
  private static final List<String> WORDS = List.of("a 0.5", "the 0.25", "\u6f22\u5b57 0.1");

  @Test
  void words_standOnOneLineWhereTheyFit() {
    assertThat(DistributionReport.broken("0 x", WORDS, 30))
        .isEqualTo("0 x  a 0.5  the 0.25  \u6f22\u5b57 0.1");
  }

  /** An ideograph takes two columns. */
  @Test
  void words_areBelowTheFirstWhereTheTerminalEnds() {
    assertThat(DistributionReport.broken("0 x", WORDS, 29))
        .isEqualTo("0 x  a 0.5  the 0.25\n     \u6f22\u5b57 0.1");
  }

  @Test
  void word_thatIsTooLongStandsByItself() {
    assertThat(DistributionReport.broken("0 x", WORDS, 5)).hasLineCount(WORDS.size());
  }
}
