// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.law;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * A kind of truncation of a user's own, under the name that options have for it; found by {@link
 * ServiceLoader}, through a file in {@code META-INF/services} that has the name of this interface
 * and names the implementation, which has a public constructor without parameters. docs/library.md
 * has an example.
 */
public interface TruncationKind {

  /** {@return the name in options: letters, digits, dots, underscores and hyphens} */
  String name();

  /**
   * {@return the truncation of these arguments}
   *
   * @param arguments those in parentheses, in order; none where there are no parentheses
   * @throws IllegalArgumentException if there are too few or too many, or one is out of bounds
   */
  TokenLaw.Truncation of(List<String> arguments);

  /** {@return all kinds on the class path, in the order in which they are found} */
  static List<TruncationKind> all() {
    List<TruncationKind> all = new ArrayList<>();
    ServiceLoader.load(TruncationKind.class, TruncationKind.class.getClassLoader())
        .forEach(all::add);
    return all;
  }
}
