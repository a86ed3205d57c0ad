// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

/** Text fit for an error of one line. */
final class OneLine {
  private static final int LONGEST = 200;

  private OneLine() {}

  /**
   * Returns {@code text} in one line: runs of white space become one blank, and a long text is cut.
   */
  static String of(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "...";
  }
}
