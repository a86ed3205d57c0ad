// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

/** Text fit for an error of one line. */
final class OneLine {
  private static final int LONGEST = 200;
  private static final int LONGEST_END = LONGEST / 2;
  private static final String CUT = "...";
  private static final String HINT = "; did you mean ";

  private OneLine() {}

  /**
   * Returns {@code text} in one line: runs of white space become one blank. A long text is cut
   * before its end: what was given, and a suggestion, stay whole unless they are long themselves.
   */
  static String of(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    if (line.length() <= LONGEST) {
      return line;
    }
    String end = end(line);
    return line.substring(0, LONGEST - end.length()) + CUT + end;
  }

  private static String end(String line) {
    int hint = line.endsWith("?") ? line.lastIndexOf(HINT) : -1;
    int given = line.lastIndexOf(": ", hint < 0 ? line.length() : hint);
    for (int start : new int[] {given, hint}) {
      if (start >= 0 && line.length() - start <= LONGEST_END) {
        return line.substring(start);
      }
    }
    return "";
  }
}
