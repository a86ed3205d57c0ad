// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** The name that a mistyped one most likely stands for. */
public final class NearestName {
  private static final int SHORTEST_BEGINNING = 3;

  private NearestName() {}

  /**
   * {@return the nearest of some names, or one that begins so; nothing where all are too far}
   *
   * @param names the names that there are
   * @param mistyped the name that is none of them
   */
  public static Optional<String> of(Collection<String> names, String mistyped) {
    return near(names, mistyped).or(() -> beginning(names, mistyped));
  }

  /**
   * {@return the end of a message, {@code "; did you mean NAME?"}; empty where no name is near}
   *
   * @param names the names that there are
   * @param mistyped the name that is none of them
   */
  public static String hint(Collection<String> names, String mistyped) {
    return of(names, mistyped).map(name -> "; did you mean " + name + "?").orElse("");
  }

  private static Optional<String> beginning(Collection<String> names, String mistyped) {
    boolean isLongEnough = normal(mistyped).length() >= SHORTEST_BEGINNING;
    return names.stream()
        .filter(candidate -> isLongEnough && normal(candidate).startsWith(normal(mistyped)))
        .findFirst();
  }

  private static Optional<String> near(Collection<String> names, String mistyped) {
    int furthest = Math.max(1, normal(mistyped).length() / 3);
    return names.stream()
        .filter(candidate -> distance(candidate, mistyped) <= furthest)
        .min(
            Comparator.<String>comparingInt(candidate -> distance(candidate, mistyped))
                .thenComparing(candidate -> !normal(mistyped).startsWith(normal(candidate))));
  }

  /**
   * {@return a name in lower case, without hyphens and underscores}
   *
   * @param name any name
   */
  public static String normal(String name) {
    return name.replace("_", "").replace("-", "").toLowerCase(Locale.ROOT);
  }

  /**
   * Returns the edit distance of two names without regard to case, hyphens and underscores. An edit
   * inserts, deletes or replaces a letter, or exchanges two neighbours.
   */
  static int distance(String a, String b) {
    return rows(normal(a), normal(b));
  }

  private static int rows(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        d[i][j] = Math.min(i, j) == 0 ? Math.max(i, j) : step(d, a, i, b, j);
      }
    }
    return d[a.length()][b.length()];
  }

  private static int step(int[][] d, String a, int i, String b, int j) {
    boolean same = a.charAt(i - 1) == b.charAt(j - 1);
    int least = Math.min(d[i - 1][j], d[i][j - 1]) + 1;
    least = Math.min(least, d[i - 1][j - 1] + (same ? 0 : 1));
    boolean exchanged =
        Math.min(i, j) > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1);
    return exchanged ? Math.min(least, d[i - 2][j - 2] + 1) : least;
  }
}
