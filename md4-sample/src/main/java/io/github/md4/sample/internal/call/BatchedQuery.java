// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import java.util.Iterator;
import java.util.List;

/** A call for the queries of several sequences at once. */
@FunctionalInterface
public interface BatchedQuery extends AutoCloseable {

  /**
   * Returns the draws of all their positions, in order: [3 + D, R], D being the width of guesses.
   */
  double[] draw(List<ActiveSequence> group);

  /**
   * Returns the draws of their next calls, those of this one first: of more than one where the
   * trajectories know their queries and the network makes several steps in one go. A further call
   * has no positions of sequences that have ended before it.
   *
   * @param rowLimit the most positions of a further call
   * @param leastActive the least number of sequences that a further call is for
   * @return the draws, at least one; each is taken by the sequences before the next is asked for.
   *     There may be some of which no sequence takes part
   */
  default Iterator<GroupDraws> drawAhead(
      List<ActiveSequence> group, int rowLimit, int leastActive) {
    return List.of(GroupDraws.of(group, draw(group))).iterator();
  }

  /** Returns what calls the network for it, with sequences of others where it keeps nothing. */
  default Caller caller() {
    return new Caller.Remembering(this);
  }

  /** Frees what it has kept between calls. */
  @Override
  default void close() {}

  /** Returns the number of positions that a group draws. */
  static int rows(List<ActiveSequence> group) {
    return group.stream().mapToInt(sequence -> sequence.query().positions().length).sum();
  }
}
