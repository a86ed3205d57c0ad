// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.FailureLine;
import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Texts that would steer a terminal. */
final class TableTest {
  private static final String CLEAR = "\u001b[2J";
  private static final String SEEN = "\u241b[2J";

  @Test
  void rows_showControlCharacters() {
    Table table = new Table();
    table.row("data set", "%s", "a" + CLEAR + "b\u009b31m");
    StringWriter out = new StringWriter();
    table.print(new PrintWriter(out));
    assertThat(out.toString().strip()).isEqualTo("data set  a" + SEEN + "b\ufffd31m");
  }

  @Test
  void failures_showControlCharacters() {
    assertThat(
            FailureLine.of(
                new InvalidDataException(Path.of("a.tar"), CLEAR + ".png: is no picture")))
        .isEqualTo("a.tar: " + SEEN + ".png: is no picture");
    assertThat(FailureLine.of(new NoSuchFileException(CLEAR))).startsWith(SEEN);
  }

  @Test
  void aFullDisk_isNamedWithItsFile() {
    IOException full = new IOException("/data/a.csv: No space left on device");
    assertThat(FailureLine.of(full))
        .isEqualTo("the disk is full: /data/a.csv: No space left on device");
  }

  private static String printed(int columns) {
    Table table = new Table();
    table.row("data", "%d chunks of text, file SHA-256 0123456789abcdef", 3);
    table.row("model", "small");
    StringWriter out = new StringWriter();
    table.print(new PrintWriter(out), columns);
    return out.toString();
  }

  @Test
  void print_breaksLinesAtBlanks() {
    assertThat(printed(24))
        .isEqualTo(
            """
            data   3 chunks of text,
                   file SHA-256
                   0123456789abcdef
            model  small
            """);
  }

  @Test
  void print_leavesAWordWhole() {
    assertThat(printed(12)).contains("\nSHA-256\n0123456789abcdef\n");
  }

  /** A terminal would break a hash of the last columns, and nobody could copy it. */
  @Test
  void print_movesALongWordToTheLeftWithAllLinesThatGoOn() {
    assertThat(printed(20)).contains("\n    SHA-256\n    0123456789abcdef\n");
  }

  @Test
  void print_breaksNothingInAWideTerminal() {
    assertThat(printed(200)).hasLineCount(2).contains("text, file SHA-256 0123456789abcdef\n");
  }
}
