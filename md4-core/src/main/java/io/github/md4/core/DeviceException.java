// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

/** A device that is absent, full or broken; exit code 4. */
public final class DeviceException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * Makes the exception.
   *
   * @param reason what is absent or full, and what to do about it
   */
  public DeviceException(String reason) {
    super(reason);
  }

  /**
   * Makes the exception with the error that caused it.
   *
   * @param reason what is absent or full, and what to do about it
   * @param cause the error that was met
   */
  public DeviceException(String reason, Throwable cause) {
    super(reason, cause);
  }
}
