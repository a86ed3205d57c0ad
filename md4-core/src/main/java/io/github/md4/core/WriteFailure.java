// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * Failures of writing with the name of the file. Java's channels and streams tell that no space is
 * left on the device, but not where.
 */
public final class WriteFailure {
  private WriteFailure() {}

  /**
   * Returns a failure that names its file.
   *
   * @param file the file or folder that was to be written
   * @param failure what went wrong
   * @return the failure itself where it names a file already
   */
  public static IOException named(Path file, IOException failure) {
    boolean isNamed =
        failure.getClass() != IOException.class
            || String.valueOf(failure.getMessage()).contains(String.valueOf(file.getFileName()));
    return isNamed
        ? failure
        : (IOException)
            new FileSystemException(file.toString(), null, failure.getMessage()).initCause(failure);
  }
}
