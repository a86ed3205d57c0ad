// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.report;

import io.github.md4.cli.screen.Terminal;
import io.github.md4.cli.screen.Visible;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A table of two columns, labels and texts, in which nothing steers a terminal. */
public final class Table {
  private static final int GAP = 2;

  private final Map<String, String> rows = new LinkedHashMap<>();

  /** Adds a row; the text is formatted by {@link String#format}. */
  public void row(String label, String format, Object... arguments) {
    rows.put(Visible.of(label), Visible.of(String.format(Locale.ROOT, format, arguments)));
  }

  /** Prints the table; in a terminal texts are broken at blanks, below each other. */
  public void print(PrintWriter out) {
    print(out, Terminal.isStdout() ? Terminal.columns() : Integer.MAX_VALUE);
  }

  /**
   * Prints the table within so many columns, as far as words allow.
   *
   * @param columns of the terminal
   */
  void print(PrintWriter out, int columns) {
    int indent = GAP + rows.keySet().stream().mapToInt(String::length).max().orElse(0);
    Map<String, List<String>> broken = new LinkedHashMap<>();
    rows.forEach((label, text) -> broken.put(label, lines(text, columns - indent)));
    int below = below(broken.values(), indent, columns);
    broken.forEach(
        (label, lines) -> {
          out.println(label + " ".repeat(indent - label.length()) + lines.get(0));
          lines.stream().skip(1).forEach(line -> out.println(" ".repeat(below) + line));
        });
  }

  /**
   * Returns the blanks before all lines that go on with a text; fewer than usual where a long word,
   * such as a hash, needs the room.
   */
  private static int below(Collection<List<String>> rows, int usual, int columns) {
    int longest =
        rows.stream()
            .flatMap(lines -> lines.stream().skip(1))
            .mapToInt(String::length)
            .max()
            .orElse(0);
    return Math.min(usual, Math.max(0, columns - longest));
  }

  /** Returns the lines of a text, broken at blanks; a word that is longer stands by itself. */
  private static List<String> lines(String text, int columns) {
    List<String> lines = new ArrayList<>();
    String left = text;
    while (left.length() > columns) {
      int end = left.lastIndexOf(' ', Math.max(0, columns));
      end = end > 0 ? end : left.indexOf(' ', 1);
      if (end < 0) {
        break;
      }
      lines.add(left.substring(0, end));
      left = left.substring(end + 1);
    }
    lines.add(left);
    return lines;
  }
}
