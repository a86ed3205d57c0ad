// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/** One sequence on its way from masks to tokens; it asks, and is told what was drawn. */
interface Trajectory {

  /** Returns the sequence as it is now, [N]; not to be changed by the caller. */
  int[] z();

  /** Returns whether it has nothing left to ask. */
  boolean isDone();

  /** Returns the next question, the same until it is answered. */
  TrajectoryQuery question();

  /** Goes on until the next question, or to the end. */
  void answer(Draws answers, Changes changes);

  /** Hears of each position that changes. */
  @FunctionalInterface
  interface Changes {
    void changed(GridPoint moment, int position, int token, double probability);
  }

  /** Begins walks of one method. */
  @FunctionalInterface
  interface Beginning {
    Trajectory of(InitialSequence start);
  }
}
