// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

/** The columns of a terminal that characters take. */
public final class Columns {
  private Columns() {}

  /** Returns the columns of a character: 2 where it is wide, as ideographs are, else 1. */
  public static int of(int point) {
    return isWide(point) ? 2 : 1;
  }

  /**
   * Returns the rows of a terminal that a line takes, at least 1.
   *
   * @param line a text without line ends or control characters
   * @param columns the width of the terminal, at least 2
   */
  public static int rows(String line, int columns) {
    int rows = 1;
    int taken = 0;
    for (int point : line.codePoints().toArray()) {
      if (taken + of(point) > columns) {
        rows++;
        taken = 0;
      }
      taken += of(point);
    }
    return rows;
  }

  private static boolean isWide(int point) {
    return Character.isIdeographic(point)
        || (point >= 0x1100 && point <= 0x115f)
        || (point >= 0x3040 && point <= 0xd7a3)
        || (point >= 0xff00 && point <= 0xff60)
        || (point >= 0x1f300 && point <= 0x1faff);
  }
}
