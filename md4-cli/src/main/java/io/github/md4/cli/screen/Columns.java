// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import java.util.Arrays;

/**
 * The columns of a terminal that characters take: those of Unicode's property East_Asian_Width
 * (Unicode 14, UAX 11), without the ambiguous ones, which most terminals show narrow.
 */
public final class Columns {
  private static final int VARIATION_SELECTOR_16 = 0xfe0f;
  private static final int SOFT_HYPHEN = 0xad;
  private static final int FIRST_JOINED_JAMO = 0x1160;
  private static final int LAST_JOINED_JAMO = 0x11ff;

  /** The first and the last of each range of wide characters, rising. */
  private static final int[] WIDE = {
    0x1100, 0x115f, 0x231a, 0x231b, 0x2329, 0x232a, 0x23e9, 0x23ec, 0x23f0, 0x23f0, 0x23f3, 0x23f3,
    0x25fd, 0x25fe, 0x2614, 0x2615, 0x2648, 0x2653, 0x267f, 0x267f, 0x2693, 0x2693, 0x26a1, 0x26a1,
    0x26aa, 0x26ab, 0x26bd, 0x26be, 0x26c4, 0x26c5, 0x26ce, 0x26ce, 0x26d4, 0x26d4, 0x26ea, 0x26ea,
    0x26f2, 0x26f3, 0x26f5, 0x26f5, 0x26fa, 0x26fa, 0x26fd, 0x26fd, 0x2705, 0x2705, 0x270a, 0x270b,
    0x2728, 0x2728, 0x274c, 0x274c, 0x274e, 0x274e, 0x2753, 0x2755, 0x2757, 0x2757, 0x2795, 0x2797,
    0x27b0, 0x27b0, 0x27bf, 0x27bf, 0x2b1b, 0x2b1c, 0x2b50, 0x2b50, 0x2b55, 0x2b55, 0x2e80, 0x303e,
    0x3040, 0x3247, 0x3250, 0x4dbf, 0x4e00, 0xa4cf, 0xa960, 0xa97c, 0xac00, 0xd7a3, 0xf900, 0xfaff,
    0xfe10, 0xfe19, 0xfe30, 0xfe6b, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x1b2ff, 0x1f004,
    0x1f004, 0x1f0cf, 0x1f0cf, 0x1f18e, 0x1f18e, 0x1f191, 0x1f19a, 0x1f1e6, 0x1f1ff, 0x1f200,
    0x1f320, 0x1f32d, 0x1f335, 0x1f337, 0x1f37c, 0x1f37e, 0x1f393, 0x1f3a0, 0x1f3ca, 0x1f3cf,
    0x1f3d3, 0x1f3e0, 0x1f3f0, 0x1f3f4, 0x1f3f4, 0x1f3f8, 0x1f43e, 0x1f440, 0x1f440, 0x1f442,
    0x1f4fc, 0x1f4ff, 0x1f53d, 0x1f54b, 0x1f54e, 0x1f550, 0x1f567, 0x1f57a, 0x1f57a, 0x1f595,
    0x1f596, 0x1f5a4, 0x1f5a4, 0x1f5fb, 0x1f64f, 0x1f680, 0x1f6c5, 0x1f6cc, 0x1f6cc, 0x1f6d0,
    0x1f6d2, 0x1f6d5, 0x1f6df, 0x1f6eb, 0x1f6ec, 0x1f6f4, 0x1f6fc, 0x1f7e0, 0x1f7f0, 0x1f90c,
    0x1f93a, 0x1f93c, 0x1f945, 0x1f947, 0x1f9ff, 0x1fa54, 0x1fa5f, 0x1fa6e, 0x1faff, 0x20000,
    0x3fffd
  };

  private Columns() {}

  /**
   * Returns the columns of a character: 2 where it is wide, as ideographs are, 0 where it joins the
   * one before it, as accents do, else 1.
   *
   * @param point a character that is no control character
   */
  public static int of(int point) {
    if (point == VARIATION_SELECTOR_16) {
      return 1; // it makes the narrow sign before it a wide picture
    }
    return joins(point) ? 0 : isWide(point) ? 2 : 1;
  }

  /**
   * Returns the columns of a text.
   *
   * @param text without line ends or control characters
   */
  public static int of(String text) {
    return text.codePoints().map(Columns::of).sum();
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

  private static boolean joins(int point) {
    int type = Character.getType(point);
    return type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || (type == Character.FORMAT && point != SOFT_HYPHEN)
        || (point >= FIRST_JOINED_JAMO && point <= LAST_JOINED_JAMO);
  }

  /** Between the two ends of a range a search ends at an odd place; each end is wide too. */
  private static boolean isWide(int point) {
    int place = Arrays.binarySearch(WIDE, point);
    return place >= 0 || (-place - 1) % 2 == 1;
  }
}
