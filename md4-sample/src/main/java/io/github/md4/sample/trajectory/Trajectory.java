// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

import java.util.Iterator;
import java.util.Optional;

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
   * {@return all queries from the next one to the end, where they are known before any of their
   * draws; empty, unless overridden. Each is made when it is taken, which may be before or after
   * the draws of those before it; none is taken when its own draws are known}
   */
  default Optional<Iterator<QueryAhead>> ahead() {
    return Optional.empty();
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
