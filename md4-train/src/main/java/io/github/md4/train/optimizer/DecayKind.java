// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import io.github.md4.train.optimizer.LearningRateConfig.Decay;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * A kind of decay of the learning rate of a user's own, under the name that configs give it.
 * docs/library.md has an example.
 *
 * <p>Implementations are found by {@link ServiceLoader}, through a file {@code
 * META-INF/services/io.github.md4.train.optimizer.DecayKind} that names them, and have a public
 * constructor without parameters. They may be called on any thread. The decay's {@code toString} is
 * the name, followed by its numbers in parentheses where it has some: {@code steps(1000, 0.5)}.
 */
public interface DecayKind {

  /** {@return the name in configs: letters, digits and underscores; not cosine or constant} */
  String name();

  /**
   * Returns the decay of these numbers.
   *
   * @param numbers those in parentheses, in order; none where there are no parentheses
   * @return a decay whose {@code toString} gives the name and the numbers again
   * @throws IllegalArgumentException if there are too few or too many, or one is out of bounds
   */
  Decay of(double... numbers);

  /** {@return all kinds on the class path, in the order in which they are found} */
  static List<DecayKind> all() {
    List<DecayKind> all = new ArrayList<>();
    ServiceLoader.load(DecayKind.class, DecayKind.class.getClassLoader()).forEach(all::add);
    return all;
  }
}
