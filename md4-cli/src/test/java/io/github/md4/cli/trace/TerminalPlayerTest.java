// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.sample.trace.Trace;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class TerminalPlayerTest {
  private static final String ESCAPE = "\u001b[";

  private final StringWriter out = new StringWriter();

  private TerminalPlayer player(Ink ink, int history) {
    return new TerminalPlayer(
        new PrintWriter(out), ink, Traces.trace().histories().get(history), "");
  }

  @Test
  void stills_areTheStartTheEndAndSomeBetween() {
    player(new Ink.Plain(), 1).stills(3);
    assertThat(out.toString())
        .isEqualTo(
            """
            --- sample 3, call 0 of 4, start, 2 masked
            \u2588\u2588
            --- sample 3, call 2 of 4, step 2, time 0.8000, 2 masked
            \u2588\u2588
            --- sample 3, call 4 of 4, step 9, time 0.1000, 0 masked
            zy
            """);
  }

  @Test
  void stills_putTheSeparatorBetweenTokens() {
    Trace.History history = Traces.trace().histories().get(1);
    new TerminalPlayer(new PrintWriter(out), new Ink.Plain(), history, " ").stills(1);
    assertThat(out.toString()).endsWith("0 masked\nz y\n");
  }

  @Test
  void stills_areNoMoreThanThereAre() {
    player(new Ink.Plain(), 0).stills(99);
    assertThat(out.toString().lines().filter(line -> line.startsWith("---"))).hasSize(3);
    assertThat(out.toString()).endsWith("ab</script>\u240a\n"); // a line feed that is seen
    out.getBuffer().setLength(0);
    player(new Ink.Plain(), 0).stills(1);
    assertThat(out.toString()).startsWith("--- sample 0, call 2 of 2");
  }

  @Test
  void play_drawsEveryFrameAndShowsTheCursorAgain() throws InterruptedException {
    player(new Ink.Plain(), 1).play(0, 80);
    assertThat(out.toString()).startsWith(ESCAPE + "?25l--- sample 3").endsWith(ESCAPE + "?25h");
    assertThat(out.toString().split("\u001b\\[2A\r\u001b\\[J", -1)).hasSize(5);
  }

  /** The title takes more rows in a narrow terminal; what stands above is never written over. */
  @Test
  void play_movesUpByTheRowsOfTheFrameBefore() throws InterruptedException {
    player(new Ink.Plain(), 1).play(0, 20);
    List<String> ups =
        Pattern.compile("\u001b\\[(\\d+)A")
            .matcher(out.toString())
            .results()
            .map(up -> up.group(1))
            .toList();
    List<String> titles =
        out.toString().lines().filter(line -> line.contains("--- sample")).toList();
    assertThat(ups).hasSize(titles.size() - 1);
    for (int i = 0; i < ups.size(); i++) {
      int title = titles.get(i).substring(titles.get(i).indexOf("---")).length();
      assertThat(ups.get(i)).isEqualTo(Integer.toString((title + 19) / 20 + 1));
    }
  }

  /**
   * Bright when it comes, then duller, at last the terminal's own; masks and frozen are neither.
   */
  @Test
  void colors_areByAge() {
    Ink ink = new Ink.Colors();
    Trace.Cell cell = new Trace.Cell("a", 10);
    String now = ink.paint("a", cell, 10, 27);
    assertThat(now).isEqualTo(ESCAPE + "38;5;226ma" + ESCAPE + "0m");
    assertThat(ink.paint("a", cell, 11, 27)).isNotEqualTo(now).startsWith(ESCAPE);
    assertThat(ink.paint("a", cell, 18, 27)).startsWith(ESCAPE);
    assertThat(ink.paint("a", cell, 19, 27)).isEqualTo("a");
    assertThat(ink.paint("a", cell, 19, 270)).isEqualTo(now);
    assertThat(ink.paint("a", new Trace.Cell("a", 0), 5, 27)).isEqualTo("a");
    assertThat(ink.paint("m", new Trace.Cell(Traces.MASK, 5), 5, 27)).contains("38;5;240m");
  }
}
