// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.screen.Columns;
import io.github.md4.cli.screen.Terminal;
import io.github.md4.cli.screen.Visible;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * A text in a terminal that is written over while it changes. Only its last lines are shown until
 * it is whole: what has left the screen cannot be written over.
 */
final class LiveText {
  private static final String UP = "\u001b[%dA";
  private static final String CLEAR = "\r\u001b[J";

  private final PrintWriter out;
  private final Terminal.Size size;
  private int rows; // below the first of what is shown now

  /**
   * @param size that of the terminal
   */
  LiveText(PrintWriter out, Terminal.Size size) {
    this.out = out;
    this.size = size;
  }

  /** Shows a state of the text in the place of the one before. */
  void show(String text) {
    erase();
    List<String> lines = lines(text);
    List<String> shown = lines.subList(Math.max(0, lines.size() - mostRows()), lines.size());
    out.print(String.join("\n", shown));
    out.flush();
    rows = shown.size() - 1;
  }

  /** The first row stays: some terminals keep a screen that is cleared from its first row on. */
  private int mostRows() {
    return Math.max(1, size.rows() - 1);
  }

  /** Takes away what is shown. */
  void erase() {
    out.print((rows > 0 ? UP.formatted(rows) : "") + CLEAR);
    out.flush();
    rows = 0;
  }

  private List<String> lines(String text) {
    List<String> lines = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      String plain = Visible.of(line);
      int first = 0;
      do {
        int end = end(plain, first);
        lines.add(plain.substring(first, end));
        first = end;
      } while (first < plain.length());
    }
    return lines;
  }

  /**
   * Returns where a line of the screen ends. The last column stays free: it would break the line.
   */
  private int end(String line, int first) {
    int end = first;
    int width = 0;
    while (end < line.length()) {
      int point = line.codePointAt(end);
      width += Columns.of(point);
      if (width >= size.columns() && end > first) {
        break;
      }
      end += Character.charCount(point);
    }
    return end;
  }
}
