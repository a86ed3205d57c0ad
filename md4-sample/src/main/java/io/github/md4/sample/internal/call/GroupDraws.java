// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import io.github.md4.sample.trajectory.Draws;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The draws of a call.
 *
 * @param ofEach those of each sequence of the group for its query; empty where it takes no part
 */
public record GroupDraws(List<Optional<Draws>> ofEach) {
  /**
   * Returns the draws of a group whose sequences all take part.
   *
   * @param drawn of all positions of their queries, in order
   */
  public static GroupDraws of(List<ActiveSequence> group, double[] drawn) {
    int rows = BatchedQuery.rows(group);
    List<Optional<Draws>> ofEach = new ArrayList<>();
    int first = 0;
    for (ActiveSequence sequence : group) {
      ofEach.add(Optional.of(new Draws(drawn, rows, first)));
      first += sequence.query().positions().length;
    }
    return new GroupDraws(ofEach);
  }

  /** Returns whether no sequence takes part. */
  public boolean areNone() {
    return ofEach.stream().allMatch(Optional::isEmpty);
  }
}
