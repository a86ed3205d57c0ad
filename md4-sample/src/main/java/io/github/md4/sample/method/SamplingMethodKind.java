// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * A kind of sampling method of a user's own, under the name that options have for it.
 *
 * <p>Implementations are found by {@link ServiceLoader}, through a file in {@code
 * META-INF/services} that has the name of this interface and names them, and have a public
 * constructor without parameters. They may be called on any thread. docs/library.md has an example.
 * The method's {@link SamplingMethod#text} is the name, followed by its arguments in parentheses
 * where it has some.
 */
public interface SamplingMethodKind {

  /** {@return the name in options: letters, digits, dots, underscores and hyphens} */
  String name();

  /**
   * {@return the method of these arguments}
   *
   * @param arguments those in parentheses, in order; none where there are no parentheses
   * @throws IllegalArgumentException if there are too few or too many, or one is out of bounds
   */
  SamplingMethod of(List<String> arguments);

  /** {@return all kinds on the class path, in the order in which they are found} */
  static List<SamplingMethodKind> all() {
    List<SamplingMethodKind> all = new ArrayList<>();
    ServiceLoader.load(SamplingMethodKind.class, SamplingMethodKind.class.getClassLoader())
        .forEach(all::add);
    return all;
  }
}
