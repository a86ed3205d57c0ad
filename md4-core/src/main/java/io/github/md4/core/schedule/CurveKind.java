// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * A kind of curve of a user's own, under the name that configs and model folders give it.
 *
 * <p>Implementations are found by {@link ServiceLoader} and have a public constructor without
 * parameters. The curve's {@code toString} is the name, followed by its numbers in parentheses
 * where it has some: {@code steep(2, 0.5)}.
 */
public interface CurveKind {

  /** {@return the name in files: letters, digits and underscores, none of this library's curves} */
  String name();

  /**
   * {@return the curve of these numbers}
   *
   * @param numbers those in parentheses, in order; none where there are no parentheses
   * @throws IllegalArgumentException if there are too few or too many, or one is out of bounds
   */
  Curve of(double... numbers);

  /** {@return all kinds on the class path, a new list} */
  static List<CurveKind> all() {
    List<CurveKind> all = new ArrayList<>();
    ServiceLoader.load(CurveKind.class, CurveKind.class.getClassLoader()).forEach(all::add);
    return all;
  }
}
