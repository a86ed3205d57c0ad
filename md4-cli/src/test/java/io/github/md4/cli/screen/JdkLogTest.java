// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class JdkLogTest {
  private static String line(Level level, String message) {
    LogRecord said = new LogRecord(level, message);
    said.setLoggerName("org.library.Reader");
    said.setThrown(new IOException("a trace"));
    return new JdkLog.Line().format(said);
  }

  /** No trace of a stack, and nothing that steers a terminal. */
  @Test
  void warning_isOneLineThatNamesItsSource() {
    assertThat(line(Level.WARNING, "a\nb\u001b[31m")).isEqualTo("md4: Reader: a b [31m\n");
    assertThat(line(Level.SEVERE, "lost {0}")).isEqualTo("md4: Reader: lost {0}\n");
  }

  @Test
  void information_isTheMessageAlone() {
    assertThat(line(Level.INFO, "compiling, once")).isEqualTo("md4: compiling, once\n");
  }
}
