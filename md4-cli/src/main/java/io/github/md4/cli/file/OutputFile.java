// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.file;

import io.github.md4.core.WriteFailure;
import io.github.md4.core.model.AtomicWrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that a command writes: whole or not at all. A link is followed; what is no regular file,
 * such as {@code /dev/stdout}, is written in place.
 */
public final class OutputFile {
  private OutputFile() {}

  /** Makes the folders above a file that are missing; a link to a folder is one. */
  public static void makeFolder(Path file) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (!Files.isDirectory(parent)) {
      Files.createDirectories(parent);
    }
  }

  /** Writes or replaces a file, and makes missing folders above it. */
  public static void write(Path file, AtomicWrite.Content content) throws IOException {
    makeFolder(file);
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

  /** Writes or replaces a file. */
  public static void write(Path file, byte[] bytes) throws IOException {
    write(file, temporary -> Files.write(temporary, bytes));
  }
}
