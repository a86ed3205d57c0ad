// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A table of two columns, labels and texts, in which nothing steers a terminal. */
public final class Table {
  private final Map<String, String> rows = new LinkedHashMap<>();

  /** Adds a row; the text is formatted by {@link String#format}. */
  public void row(String label, String format, Object... arguments) {
    rows.put(Visible.of(label), Visible.of(String.format(Locale.ROOT, format, arguments)));
  }

  public void print(PrintWriter out) {
    int width = rows.keySet().stream().mapToInt(String::length).max().orElse(0);
    rows.forEach(
        (label, text) -> out.println(label + " ".repeat(width - label.length() + 2) + text));
  }
}
