// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.WriteFailure;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.internal.data.NewFolders;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The lock on a run's folder, so that one training at a time writes there.
 *
 * <p>It is the system's lock on {@code RUN/.lock}. The system releases it when the process ends,
 * however it ends, so none is ever stale. The file stays beside a run; its text names the last
 * owner.
 */
final class RunLock implements AutoCloseable {
  static final String NAME = ".lock";
  private static final int LONGEST_OWNER = 200;

  /**
   * The files that this process has locked. POSIX ends a process's locks on a file when any of its
   * descriptors of that file is closed, so a file in here must not even be opened.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final NewFolders made;
  private final Path file;
  private final FileChannel channel; // null where the file system has no locks
  private final String complaint; // null where the lock holds

  private RunLock(NewFolders made, Path file, FileChannel channel, String complaint) {
    this.made = made;
    this.file = file;
    this.channel = channel;
    this.complaint = complaint;
  }

  /**
   * Takes the lock of a run; a missing folder is made.
   *
   * @param folder the folder of the run
   * @return the lock, given back when it is closed
   * @throws IOException if the folder cannot be made
   * @throws InvalidDataException if another training has it
   */
  static RunLock take(RunFolder folder) throws IOException {
    return take(folder, FileChannel::tryLock);
  }

  /** The system's locking of a file; null where another process has it. */
  @FunctionalInterface
  interface Locking {
    FileLock tryLock(FileChannel channel) throws IOException;
  }

  /** As {@link #take(RunFolder)}, by the locking of another file system. */
  static RunLock take(RunFolder folder, Locking locking) throws IOException {
    NewFolders made = new NewFolders(folder.path());
    Files.createDirectories(made.folder());
    Path file = folder.path().toRealPath().resolve(NAME);
    if (!HELD.add(file)) {
      throw inUse(folder.path(), "this process");
    }
    try {
      return lock(made, file, locking);
    } catch (IOException | RuntimeException e) {
      HELD.remove(file);
      made.close();
      throw e;
    }
  }

  private static RunLock lock(NewFolders made, Path file, Locking locking) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      Optional<FileLock> lock = tried(channel, locking);
      if (lock.isEmpty()) {
        throw inUse(made.folder(), owner(channel));
      }
      return new RunLock(made, file, channel, NfsMounts.complaint(file).orElse(null));
    } catch (NoLocksException e) {
      channel.close();
      return new RunLock(
          made,
          file,
          null,
          "%s cannot be locked (%s); do not start a second training in this folder"
              .formatted(file, e.getMessage()));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** A file system without locks. */
  private static final class NoLocksException extends Exception {
    private static final long serialVersionUID = 1;

    private NoLocksException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private static Optional<FileLock> tried(FileChannel channel, Locking locking)
      throws NoLocksException {
    try {
      return Optional.ofNullable(locking.tryLock(channel));
    } catch (IOException e) {
      throw new NoLocksException(e);
    }
  }

  private static InvalidDataException inUse(Path folder, String owner) {
    return new InvalidDataException(
        folder,
        "is in use by another training (%s); stop it first, or name another folder,%s"
            .formatted(owner, RunOpening.ANOTHER));
  }

  private static String owner(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(LONGEST_OWNER);
    int count = channel.read(text, 0);
    return count <= 0
        ? "unknown"
        : new String(text.array(), 0, count, StandardCharsets.UTF_8)
            .replaceAll("\\p{Cntrl}", " ")
            .strip();
  }

  /** Returns the name of this process. */
  static String self() {
    return "process %d on %s".formatted(ProcessHandle.current().pid(), host());
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      return "localhost";
    }
  }

  /**
   * Writes the name of this process into the file, for those who ask for the lock meanwhile.
   *
   * @throws IOException if the file cannot be written
   */
  void sign() throws IOException {
    if (channel == null) {
      return;
    }
    try {
      channel.truncate(0);
      channel.write(ByteBuffer.wrap((self() + "\n").getBytes(StandardCharsets.UTF_8)), 0);
    } catch (IOException e) {
      throw WriteFailure.named(file, e);
    }
  }

  /** {@return why the lock does not keep others away; empty where it does} */
  Optional<String> complaint() {
    return Optional.ofNullable(complaint);
  }

  /**
   * Gives the lock back. A folder that was made for it, and holds nothing else, is removed: a
   * training that is refused leaves nothing behind.
   */
  @Override
  public void close() throws IOException {
    try (NewFolders emptied = made) {
      if (emptied.isNew() && isAlone()) {
        Files.deleteIfExists(file); // while it is locked
      }
      if (channel != null) {
        channel.close();
      }
    } finally {
      HELD.remove(file);
    }
  }

  private boolean isAlone() throws IOException {
    try (Stream<Path> files = Files.list(file.getParent())) {
      return files.allMatch(file::equals);
    } catch (NoSuchFileException e) {
      return false; // the folder was removed meanwhile
    }
  }
}
