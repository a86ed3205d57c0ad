// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.service;

import java.time.Duration;

/**
 * The end of a request whose deadline, {@link RequestLimits#deadline}, passed before it was done.
 */
public final class DeadlineException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * Makes the exception of a request.
   *
   * @param deadline the time that it had, above 0
   */
  public DeadlineException(Duration deadline) {
    super("the request was not done within its deadline of " + deadline.toMillis() + " ms");
  }
}
