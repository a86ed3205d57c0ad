// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.text;

import java.util.Locale;

/** The text of a number of things: {@code 1 step}, {@code 1,000 steps}. */
public final class Counted {
  private Counted() {}

  /**
   * Returns the number with its noun.
   *
   * @param count how many, at least 0
   * @param noun the name of one of them, whose plural ends in s
   */
  public static String of(long count, String noun) {
    return of(count, noun, noun + "s");
  }

  /**
   * Returns the number with what is said of it.
   *
   * @param count how many, at least 0
   * @param one what follows 1: {@code line ends}
   * @param more what follows any other number: {@code lines end}
   */
  public static String of(long count, String one, String more) {
    return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? one : more);
  }
}
