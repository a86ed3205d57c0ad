// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.WriteFailure;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/**
 * Writes files and folders that appear under their name whole and synced to the disk, or not at
 * all.
 *
 * <p>The content goes to a temporary sibling, {@code .tmp-NAME}, which is renamed. If writing
 * fails, with a full disk say, the temporary is removed, the error passes on, and what was there
 * under that name before is still there. If the process dies, the next write of that name, {@link
 * #recover} or {@link #recoverName}, cleans up. At most one writer a name at a time.
 */
public final class AtomicWrite {
  private static final String TEMPORARY = ".tmp-";
  private static final String REPLACED = ".old-";
  private static final String DELETED = ".del-";
  private static final boolean CAN_SYNC_FOLDERS = File.separatorChar == '/';

  private AtomicWrite() {}

  /** A writer of the content. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes to a path that does not exist (a file) or an empty folder (a folder). Syncing is not
     * its task.
     *
     * @param temporary the path to write to
     * @throws IOException if the content cannot be written
     */
    void writeTo(Path temporary) throws IOException;
  }

  /**
   * Writes or replaces a file; missing folders above it are made.
   *
   * @param file the file that appears, or is replaced, at once and whole
   * @param content writes the new content to a temporary place in the same folder
   * @throws IllegalArgumentException if the path has no name, as the root has none
   * @throws IOException if the file cannot be written; what was there is as it was
   */
  public static void file(Path file, Content content) throws IOException {
    Names names = prepare(file);
    try {
      content.writeTo(names.temporary());
      sync(names.temporary());
      move(names.temporary(), names.target());
    } catch (IOException e) {
      discard(names.temporary(), e);
      throw WriteFailure.named(names.target(), names.temporary(), e);
    } catch (Throwable e) {
      discard(names.temporary(), e);
      throw e;
    }
    syncFolder(names.parent());
  }

  /**
   * Writes or replaces a folder; missing folders above it are made.
   *
   * @param folder the folder that appears at once and whole
   * @param content writes the new content to a temporary place in the same folder
   * @throws FileAlreadyExistsException if what is there under that name is a file, or a folder that
   *     is not empty and holds none of the new one's entries: such a one is not ours to replace
   * @throws IllegalArgumentException if the path has no name, as the root has none
   * @throws IOException if the folder cannot be written; what was there is as it was
   */
  public static void folder(Path folder, Content content) throws IOException {
    Names names = prepare(folder);
    try {
      Files.createDirectory(names.temporary());
      content.writeTo(names.temporary());
      sync(names.temporary());
      replaceFolder(names);
    } catch (IOException e) {
      discard(names.temporary(), e);
      throw WriteFailure.named(names.target(), names.temporary(), e);
    } catch (Throwable e) {
      discard(names.temporary(), e);
      throw e;
    }
    syncFolder(names.parent());
    delete(names.replaced());
  }

  /**
   * Cleans a folder in which a process may have died while it wrote: removes temporaries, and gives
   * a folder that was being replaced its name back. Call it while nobody writes there, and before
   * looking for what is there.
   *
   * @param parent the folder to be cleaned; nothing happens where there is none
   * @throws IOException if a temporary cannot be removed
   */
  public static void recover(Path parent) throws IOException {
    if (!Files.isDirectory(parent)) {
      return;
    }
    for (Path child : children(parent)) {
      String name = child.getFileName().toString();
      if (name.startsWith(TEMPORARY) || name.startsWith(DELETED)) {
        delete(child);
      } else if (name.startsWith(REPLACED)) {
        restore(child, parent.resolve(name.substring(REPLACED.length())));
      }
    }
  }

  /**
   * Cleans up as {@link #recover}, after writes of one name only.
   *
   * @param path the name that was written, whose temporaries are removed
   * @throws IOException if a temporary cannot be removed
   */
  public static void recoverName(Path path) throws IOException {
    Names names = Names.of(path);
    delete(names.temporary());
    restore(names.replaced(), names.target());
  }

  /** The name that is written and its two siblings. */
  private record Names(Path parent, Path target, Path temporary, Path replaced) {
    static Names of(Path path) {
      Path target = path.toAbsolutePath().normalize();
      Path name = target.getFileName();
      if (name == null) {
        throw new IllegalArgumentException("path must have a name: " + path);
      }
      Path parent = target.getParent();
      return new Names(
          parent, target, parent.resolve(TEMPORARY + name), parent.resolve(REPLACED + name));
    }
  }

  private static Names prepare(Path path) throws IOException {
    Names names = Names.of(path);
    Files.createDirectories(names.parent());
    delete(names.temporary());
    restore(names.replaced(), names.target());
    return names;
  }

  /** Deletes what a write has replaced, or puts it back if the write got no further. */
  private static void restore(Path replaced, Path target) throws IOException {
    if (exists(target)) {
      delete(replaced);
    } else if (exists(replaced)) {
      move(replaced, target);
    }
  }

  private static void replaceFolder(Names names) throws IOException {
    if (!exists(names.target())) {
      move(names.temporary(), names.target());
      return;
    }
    checkReplaceable(names);
    move(names.target(), names.replaced());
    try {
      move(names.temporary(), names.target());
    } catch (IOException e) {
      move(names.replaced(), names.target());
      throw e;
    }
  }

  private static void checkReplaceable(Names names) throws IOException {
    if (!Files.isDirectory(names.target())) {
      throw new FileAlreadyExistsException(
          names.target().toString(), null, "is a file; a folder was to be there");
    }
    List<Path> old = children(names.target());
    if (!old.isEmpty()
        && old.stream().noneMatch(p -> exists(names.temporary().resolve(p.getFileName())))) {
      throw new FileAlreadyExistsException(
          names.target().toString(), null, "holds other files; choose another name or remove it");
    }
  }

  private static List<Path> children(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.toList();
    }
  }

  private static boolean exists(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  private static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void sync(Path path) throws IOException {
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (attributes.isRegularFile()) {
              force(file, StandardOpenOption.WRITE);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
            syncFolder(folder);
            return super.postVisitDirectory(folder, e);
          }
        });
  }

  /** Syncs the names in a folder, where the system has that: Windows has not. */
  private static void syncFolder(Path folder) throws IOException {
    if (CAN_SYNC_FOLDERS) {
      force(folder, StandardOpenOption.READ);
    }
  }

  private static void force(Path path, StandardOpenOption option) throws IOException {
    try (FileChannel channel = FileChannel.open(path, option)) {
      channel.force(true);
    }
  }

  private static void discard(Path temporary, Throwable cause) {
    try {
      delete(temporary);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  /**
   * Deletes a file, or a folder with all in it, if it is there; under its name it is whole or
   * absent at any time.
   *
   * @param path the file or folder, which may be absent
   * @throws IOException if it cannot be deleted
   */
  public static void deleteWhole(Path path) throws IOException {
    if (!exists(path)) {
      return;
    }
    Path deleted = path.resolveSibling(DELETED + path.getFileName());
    delete(deleted);
    move(path, deleted);
    delete(deleted);
  }

  /**
   * Deletes a file, or a folder with all in it, if it is there; links are not followed.
   *
   * @param path the file or folder, which may be absent
   * @throws IOException if it cannot be deleted
   */
  public static void delete(Path path) throws IOException {
    if (!exists(path)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
            FileVisitResult result = super.postVisitDirectory(folder, e);
            Files.delete(folder);
            return result;
          }
        });
  }
}
