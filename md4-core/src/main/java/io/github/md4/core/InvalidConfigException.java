// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

/** A configuration that cannot be meant: unknown key, wrong type, impossible value; exit code 2. */
public final class InvalidConfigException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * Makes the exception.
   *
   * @param path where it stands: {@code file:line: key} as far as known
   * @param reason what must hold, then what was given
   */
  public InvalidConfigException(String path, String reason) {
    super(path + ": " + reason);
  }
}
