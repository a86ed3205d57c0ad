// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.data;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The folders that are missing for one and it, which its user is about to make. Closing removes
 * those that are empty, so that work that failed leaves nothing behind.
 */
public final class NewFolders implements Closeable {
  private final Path folder;
  private final List<Path> missing;

  /**
   * Notes what is missing.
   *
   * @param folder a folder that need not exist
   */
  public NewFolders(Path folder) {
    this.folder = folder;
    this.missing = missing(folder);
  }

  /** Returns the folders, the deepest first. */
  private static List<Path> missing(Path folder) {
    List<Path> missing = new ArrayList<>();
    for (Path each = folder.toAbsolutePath();
        each != null && !Files.exists(each, LinkOption.NOFOLLOW_LINKS);
        each = each.getParent()) {
      missing.add(each);
    }
    return missing;
  }

  /** {@return the folder} */
  public Path folder() {
    return folder;
  }

  /** {@return whether the folder itself was missing} */
  public boolean isNew() {
    return !missing.isEmpty();
  }

  /**
   * Removes the folders that were missing and are empty now.
   *
   * @throws IOException if one cannot be removed
   */
  @Override
  public void close() throws IOException {
    for (Path each : missing) {
      if (Files.isDirectory(each) && !isRemoved(each)) {
        return;
      }
    }
  }

  private static boolean isRemoved(Path folder) throws IOException {
    try {
      return Files.deleteIfExists(folder);
    } catch (DirectoryNotEmptyException e) {
      return false; // it is used
    }
  }
}
