// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import java.util.Arrays;
import java.util.List;

/** What answers the questions of several walks at once. */
@FunctionalInterface
interface BatchedQuery {

  /** Returns what is drawn for all their positions, in order: [3, R]. */
  double[] ask(List<ActiveSequence> group);

  /** Returns how many positions a group asks for. */
  static int rows(List<ActiveSequence> group) {
    return group.stream().mapToInt(traveller -> traveller.question().positions().length).sum();
  }

  /** Asks nobody, and says one token of every position. */
  record Nobody(int token) implements BatchedQuery {
    @Override
    public double[] ask(List<ActiveSequence> group) {
      int rows = rows(group);
      double[] drawn = new double[3 * rows];
      Arrays.fill(drawn, 0, rows, token);
      return drawn;
    }
  }
}
