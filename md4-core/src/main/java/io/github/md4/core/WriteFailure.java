// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
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

  /**
   * Returns a failure that names the file that was to be written, not the temporary in its place.
   *
   * @param file the file or folder that was to be written
   * @param temporary what was written first
   * @param failure what went wrong
   * @return the failure itself where it names another file
   */
  public static IOException named(Path file, Path temporary, IOException failure) {
    if (!(failure instanceof FileSystemException e) || e.getFile() == null) {
      return named(file, failure);
    }
    Path named = Path.of(e.getFile());
    if (!named.startsWith(temporary)) {
      return failure;
    }
    String path = file + named.toString().substring(temporary.toString().length());
    FileSystemException renamed =
        failure instanceof AccessDeniedException
            ? new AccessDeniedException(path, null, e.getReason())
            : new FileSystemException(path, null, reason(e));
    renamed.initCause(failure);
    return renamed;
  }

  private static String reason(FileSystemException failure) {
    return failure.getReason() == null ? failure.getClass().getSimpleName() : failure.getReason();
  }
}
