// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.service;

/**
 * The refusal of a request, since as many run and wait as {@link ServiceLimits} allow. Nothing of
 * it was begun; a later attempt may succeed. In HTTP it is a 429 (docs/service.md).
 */
public final class OverloadedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * Makes the exception of a request.
   *
   * @param message the limit that is reached, and what to do, in one line
   */
  public OverloadedException(String message) {
    super(message);
  }
}
