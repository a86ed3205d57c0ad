// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.screen.Terminal;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LiveTextTest {
  private static final String CLEAR = "\r\u001b[J";

  private final StringWriter written = new StringWriter();
  private final PrintWriter out = new PrintWriter(written);

  @ParameterizedTest
  @CsvSource({
    "abcdefghij, 'abcde|fghij'",
    "'ab\ncd', 'ab|cd'",
    "\u6f22\u5b57\u6f22\u5b57x, '\u6f22\u5b57|\u6f22\u5b57x'",
    "a\u0301b\u0301c\u0301d\u0301e\u0301f, 'a\u0301b\u0301c\u0301d\u0301e\u0301|f'",
    "\ud83d\ude00\ud83d\ude00\ud83d\ude00, '\ud83d\ude00\ud83d\ude00|\ud83d\ude00'",
    "'\u001b[2Jab', '\u241b[2Ja|b'",
  })
  void show_breaksLinesBeforeTheTerminalDoes(String text, String lines) {
    new LiveText(out, new Terminal.Size(9, 6)).show(text);
    assertThat(written).hasToString(CLEAR + lines.replace('|', '\n'));
  }

  @Test
  void show_goesBackOverTheLinesThatAreSeen() {
    LiveText live = new LiveText(out, new Terminal.Size(4, 80));
    live.show("1\n2\n3\n4\n5");
    live.show("a\nb");
    live.erase();
    assertThat(written)
        .hasToString(CLEAR + "3\n4\n5" + "\u001b[2A" + CLEAR + "a\nb" + "\u001b[1A" + CLEAR);
  }

  @Test
  void show_takesACharacterALineWhereNothingElseFits() {
    new LiveText(out, new Terminal.Size(9, 1)).show("a\u6f22b");
    assertThat(written).hasToString(CLEAR + "a\n\u6f22\nb");
  }
}
