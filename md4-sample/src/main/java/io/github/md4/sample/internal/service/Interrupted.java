// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import java.util.concurrent.CancellationException;

/** The exceptions of a thread that waits for another. */
public final class Interrupted {
  private Interrupted() {}

  /** Sets the thread's flag again, and returns what to throw. */
  public static CancellationException again() {
    Thread.currentThread().interrupt();
    return new CancellationException("the thread was interrupted while it waited for the model");
  }

  /** Returns a failure of the other thread as what it is. */
  public static RuntimeException unchecked(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    return failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
  }
}
