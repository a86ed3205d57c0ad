// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import java.lang.reflect.RecordComponent;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The hint for an unknown key. */
final class KeyHint {
  private KeyHint() {}

  /**
   * Returns the complaint that {@code name} is not a key of {@code section}, whose key is {@code
   * at}, with the nearest key.
   */
  static String unknown(SectionType section, ConfigKey at, String name) {
    Optional<String> near = nearest(section.names(), name).map(sibling -> at.child(sibling).path());
    return near.or(() -> elsewhere(at.root(), name))
        .map(meant -> "is not a key; did you mean '" + meant + "'?")
        .orElseGet(() -> "is not a key; the keys here are " + String.join(", ", section.names()));
  }

  private static Optional<String> nearest(List<String> names, String name) {
    int furthest = Math.max(1, name.length() / 3);
    return names.stream()
        .filter(candidate -> distance(candidate, name) <= furthest)
        .min(Comparator.comparingInt(candidate -> distance(candidate, name)));
  }

  /** Returns the first key of the whole config that has this name but stands in another section. */
  private static Optional<String> elsewhere(SectionType root, String name) {
    return paths(root, new ConfigKey(root, ""))
        .filter(path -> normal(path.substring(path.lastIndexOf('.') + 1)).equals(normal(name)))
        .findFirst();
  }

  private static Stream<String> paths(SectionType section, ConfigKey at) {
    return section.components().stream().flatMap(component -> paths(component, at));
  }

  private static Stream<String> paths(RecordComponent component, ConfigKey at) {
    ConfigKey key = at.child(component.getName());
    Stream<String> inner =
        ConfigType.of(component.getGenericType()).sections().stream()
            .flatMap(section -> paths(section, key));
    return Stream.concat(Stream.of(key.path()), inner);
  }

  private static String normal(String name) {
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
