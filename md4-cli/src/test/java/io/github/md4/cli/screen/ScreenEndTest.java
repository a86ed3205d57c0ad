// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Tests what a signal leaves in the terminal: no prompt stands behind a bar. */
final class ScreenEndTest {
  private final ByteArrayOutputStream terminal = new ByteArrayOutputStream();
  private final Screen screen =
      new Screen(new Screen.Target(terminal, true), new Screen.Target(terminal, true), () -> 80);

  private String shown() {
    return terminal.toString(StandardCharsets.UTF_8);
  }

  @Test
  void end_isBehindTheBar() {
    screen.draw("sampling 3/9");
    screen.end();
    assertThat(shown()).endsWith("sampling 3/9\n");
  }

  /** The command goes on for a moment, until the process is gone. */
  @Test
  void bar_isNotDrawnAgain() {
    screen.draw("sampling 3/9");
    screen.end();
    screen.draw("sampling 4/9");
    screen.errStream().println("said");
    screen.erase();
    assertThat(shown()).endsWith("sampling 3/9\nsaid\n").doesNotContain("4/9");
  }

  @Test
  void end_withoutABarEndsTheLine() {
    screen.end();
    assertThat(shown()).isEqualTo("\n");
  }
}
