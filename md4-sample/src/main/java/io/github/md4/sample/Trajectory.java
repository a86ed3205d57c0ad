// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/** The way of one sequence from masks to tokens, one call of the network after another. */
interface Trajectory {

  /** Returns the sequence as it is now, [N]; not to be changed by the caller. */
  int[] z();

  /** Returns whether it has no further query. */
  boolean isDone();

  /** Returns the next query, the same until its draws are known. */
  TrajectoryQuery query();

  /** Takes the draws of the query, and advances to the next query or to the end. */
  void advance(Draws draws, Changes changes);

  /** A listener to the changes of positions. */
  @FunctionalInterface
  interface Changes {
    void changed(GridPoint point, int position, int token, double probability);
  }

  /** Begins the trajectories of a request. */
  @FunctionalInterface
  interface Factory {
    Trajectory of(InitialSequence initial);
  }
}
