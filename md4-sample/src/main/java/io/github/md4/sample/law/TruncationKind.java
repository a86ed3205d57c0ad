// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.law;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * A kind of truncation of a user's own, under the name that options have for it; found as a kind of
 * sampling methods is.
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

  /** {@return all kinds on the class path} */
  static List<TruncationKind> all() {
    List<TruncationKind> all = new ArrayList<>();
    ServiceLoader.load(TruncationKind.class, TruncationKind.class.getClassLoader())
        .forEach(all::add);
    return all;
  }
}
