// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import io.github.md4.core.Choices;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * A kind of sampling grid of a user's own, under the name that options have for it.
 *
 * <p>Implementations are found by {@link ServiceLoader} and have a public constructor without
 * parameters.
 */
public interface SamplingGridKind {

  /** {@return the name in options, which is the grid's {@code toString}} */
  String name();

  /** {@return the grid} */
  SamplingGrid grid();

  /**
   * {@return the grid of a name, by the first kind on the class path that has it}
   *
   * @param name the name as {@link #name} returns it
   * @throws IllegalArgumentException if no kind on the class path has it
   */
  static SamplingGrid parse(String name) {
    List<String> names = new ArrayList<>(List.of("uniform", "cosine"));
    for (SamplingGridKind kind :
        ServiceLoader.load(SamplingGridKind.class, SamplingGridKind.class.getClassLoader())) {
      if (kind.name().equals(name)) {
        return kind.grid();
      }
      names.add(kind.name());
    }
    throw Choices.refusal("grid", names, name);
  }
}
