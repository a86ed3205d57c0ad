// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

import java.util.List;
import java.util.OptionalInt;

/**
 * The way of one sequence from masks to tokens, one call of the network after another. One thread
 * uses it at a time.
 */
public interface Trajectory {

  /**
   * {@return the sequence as it is now, [N] in [0, V], V for masks; not to be changed by the
   * caller}
   */
  int[] z();

  /**
   * {@return the tokens that the network is shown, [N] in [0, V]: the sequence itself, unless
   * overridden}
   */
  default int[] shown() {
    return z();
  }

  /** {@return whether it has no further query} */
  boolean isDone();

  /**
   * {@return the next query, the same until its draws are known; not asked for where {@link
   * #isDone}}
   */
  TrajectoryQuery query();

  /**
   * {@return the next queries that are known before any of their draws; each begins with the tokens
   * that the one before has drawn, in their places. The list may be read after later draws, and
   * stays as it is. The next query alone, unless overridden}
   *
   * @param most the most that are asked for, at least 1
   */
  default List<TrajectoryQuery> ahead(int most) {
    return List.of(query());
  }

  /** {@return the number of queries to the end, where it is known; empty, unless overridden} */
  default OptionalInt left() {
    return OptionalInt.empty();
  }

  /**
   * Takes the draws of the query, and advances to the next query or to the end.
   *
   * @param draws a token for each position of the query
   * @param changes told of each changed position, before this returns
   */
  void advance(Draws draws, Changes changes);

  /** A listener to the changes of positions. */
  @FunctionalInterface
  interface Changes {

    /**
     * Hears of a changed position.
     *
     * @param point the step, and the time on the grid
     * @param position the token's place in the sequence, in [0, N)
     * @param token the new token, in [0, V]
     * @param probability the probability of the token under the network, in [0, 1]; NaN for a mask
     */
    void changed(GridPoint point, int position, int token, double probability);
  }

  /** The maker of the trajectories of a request. */
  @FunctionalInterface
  interface Factory {

    /**
     * {@return the trajectory of a sequence at its beginning}
     *
     * @param initial the tokens and masks, which are not to be changed, with index and class
     */
    Trajectory of(InitialSequence initial);
  }
}
