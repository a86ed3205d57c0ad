// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.nio.file.Path;

/** Data, a model or a checkpoint that is missing, damaged or not what it says; exit code 3. */
public final class InvalidDataException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * Makes the exception.
   *
   * @param file the file or folder at fault
   * @param reason what is wrong with it and what to do, without a full stop
   */
  public InvalidDataException(Path file, String reason) {
    super(file + ": " + reason);
  }

  /**
   * Makes the exception with the error that caused it.
   *
   * @param file the file or folder that is not as it must be
   * @param reason what is wrong, and what to do about it
   * @param cause the error that was met
   */
  public InvalidDataException(Path file, String reason, Throwable cause) {
    super(file + ": " + reason, cause);
  }
}
