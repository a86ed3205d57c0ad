// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

/** A loss or gradient that is no longer finite, or has left all bounds; exit code 5. */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * @param reason what diverged, at which step and seed, and what to do, without a full stop
   */
  public DivergedException(String reason) {
    super(reason);
  }
}
