// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.service.DeadlineException;

/** A request in a {@link RequestScheduler}; its methods are safe for several threads. */
public interface ScheduledRequest {

  /**
   * Ends it before it is done.
   *
   * @return whether it had not ended before
   */
  boolean tryEnd(Throwable cause);

  /** Ends it before it is done, if it has not ended. */
  default void end(Throwable cause) {
    boolean unused = tryEnd(cause);
  }

  /** Returns whether it has ended, in one way or another. */
  boolean isEnded();

  /** Returns the value of {@link System#nanoTime} at its deadline; the greatest without one. */
  long endsAt();

  /** Returns the failure of one whose deadline has passed. */
  DeadlineException overdue();

  /** Returns the number of positions of its sequences. */
  long positions();
}
