// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import java.util.Comparator;
import java.util.SortedSet;
import java.util.TreeSet;

/** The order of classes: numbers by their value, before names, which are in alphabetical order. */
final class ClassOrder {
  private static final String NUMBER = "\\d{1,9}";
  private static final Comparator<String> ORDER =
      Comparator.comparingInt(ClassOrder::number).thenComparing(Comparator.naturalOrder());

  private ClassOrder() {}

  static SortedSet<String> none() {
    return new TreeSet<>(ORDER);
  }

  private static int number(String name) {
    return name.matches(NUMBER) ? Integer.parseInt(name) : Integer.MAX_VALUE;
  }
}
