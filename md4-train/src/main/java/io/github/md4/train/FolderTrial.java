// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.WriteFailure;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.internal.data.NewFolders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * A try whether a training could begin in a folder. It fails as {@link RunLock#take} and {@link
 * RunLock#sign} would, and leaves the folder as it was.
 */
final class FolderTrial {
  /** A name under which nothing of a run lies. */
  private static final String NAME = ".tmp-trial";

  private FolderTrial() {}

  /**
   * Makes what is missing of a folder, writes a file there, and removes both.
   *
   * @throws IOException if the folder cannot be made, or a file not be written there
   * @throws io.github.md4.core.InvalidDataException if another training has its lock
   */
  static void check(RunFolder folder) throws IOException {
    try (NewFolders made = new NewFolders(folder.path())) {
      Files.createDirectories(made.folder());
      Path place = folder.path().toRealPath();
      if (Files.exists(place.resolve(RunLock.NAME), LinkOption.NOFOLLOW_LINKS)) {
        RunLock.take(folder).close(); // only where it is there: else nobody has it
      }
      write(place);
    }
  }

  private static void write(Path place) throws IOException {
    Path file = place.resolve(NAME);
    try {
      Files.writeString(file, RunLock.self() + "\n", StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw ofLock(place.resolve(RunLock.NAME), e);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** Returns the failure as one of the lock, which a training writes first. */
  private static IOException ofLock(Path lock, IOException failure) {
    return failure instanceof FileSystemException e && e.getReason() != null
        ? WriteFailure.named(lock, new IOException(e.getReason(), e))
        : WriteFailure.named(lock, failure);
  }
}
