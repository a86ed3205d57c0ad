// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.internal.call.Caller;
import io.github.md4.sample.internal.call.ShownSequence;
import java.util.List;

/** A request that wants calls of the network; for the scheduler's thread alone. */
interface NetworkJob {

  /**
   * The sequences that a call of the network can take together.
   *
   * @param caller makes the call
   * @param length that of all, or {@link #ANY_LENGTH} where a call takes several
   */
  record Key(Caller caller, int length, boolean isLabelled) {
    static final int ANY_LENGTH = 0;

    static Key of(Caller caller, ShownSequence like) {
      boolean isLabelled = like.labels().findAny().isPresent();
      return new Key(caller, caller.takesLengths() ? ANY_LENGTH : like.shown().length, isLabelled);
    }
  }

  /** A sequence that wants a call. */
  interface Wanting {

    /** Returns the request to which it belongs. */
    NetworkJob job();

    /** Returns what the network is shown of it. */
    ShownSequence sequence();

    /** Enters a call. */
    void join(TakenSequences call);
  }

  /** Returns what can be called with it. */
  Key key();

  /** Returns the last round in which it had a call. */
  long served();

  /** Returns its share of a call. */
  int weight();

  /** Returns the sequences that want a call, those first that waited the longest. */
  List<Wanting> wanting();

  /** Returns whether it has ended, in one way or another. */
  boolean isEnded();

  /** Ends it before it is done, if it has not ended. */
  void end(Throwable cause);

  /**
   * Ends a call.
   *
   * @param taken how many of its sequences were in it
   * @param round the number of the round
   */
  void called(int taken, long round);
}
