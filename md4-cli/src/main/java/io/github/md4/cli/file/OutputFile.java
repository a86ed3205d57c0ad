// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.file;

import io.github.md4.core.WriteFailure;
import io.github.md4.core.model.AtomicWrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/**
 * A file that a command writes: whole or not at all. A link is followed; what is no regular file,
 * such as {@code /dev/stdout}, is written in place.
 */
public final class OutputFile {
  private OutputFile() {}

  /**
   * Writes or replaces a file.
   *
   * @throws NotDirectoryException if there is no folder for it
   */
  public static void write(Path file, AtomicWrite.Content content) throws IOException {
    if (!Files.isDirectory(file.toAbsolutePath().getParent())) {
      throw new NotDirectoryException(file.toString());
    }
    try {
      if (!Files.exists(file)) {
        AtomicWrite.file(file, content);
      } else if (Files.isRegularFile(file)) {
        AtomicWrite.file(file.toRealPath(), content);
      } else {
        content.writeTo(file);
      }
    } catch (IOException e) {
      throw WriteFailure.named(file, e);
    }
  }

  /** Writes or replaces a file. */
  public static void write(Path file, String text) throws IOException {
    write(file, temporary -> Files.writeString(temporary, text));
  }

  /** As {@link #write(Path, String)}; missing folders above the file are made. */
  public static void writeDeep(Path file, String text) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    write(file, text);
  }

  /** Writes or replaces a file. */
  public static void write(Path file, byte[] bytes) throws IOException {
    write(file, temporary -> Files.write(temporary, bytes));
  }
}
