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

  /** Returns the terms on which it was taken. */
  RequestTerms terms();

  /** Returns the value of {@link System#nanoTime} at its deadline; the greatest without one. */
  default long endsAt() {
    return terms().endsAt();
  }

  /** Returns the failure of one whose deadline has passed. */
  default DeadlineException overdue() {
    return new DeadlineException(terms().limits().deadline());
  }

  /** Returns the number of positions of its sequences. */
  default long positions() {
    return terms().positions();
  }
}
