// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;

/**
 * A process's turn to compile a kernel, while others that need the same wait for it: the processes
 * of a node start at once. A file stands for it, which the system lets go of with its process.
 */
final class KernelTurn implements AutoCloseable {
  /** Nothing compiles for so long; a process that does not go on is not waited for. */
  private static final Duration LONGEST = Duration.ofMinutes(2);

  private static final Duration PAUSE = Duration.ofMillis(20);

  private final Path file;
  private final Optional<FileChannel> channel;

  private KernelTurn(Path file, Optional<FileChannel> channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Waits for the turn of this process. Where the folder cannot be written to or knows no locks, it
   * is everybody's turn.
   *
   * @param file stands for the kernel
   */
  static KernelTurn await(Path file) {
    return await(file, LONGEST);
  }

  static KernelTurn await(Path file, Duration longest) {
    try {
      Files.createDirectories(file.getParent());
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        if (isLocked(channel, longest)) {
          return new KernelTurn(file, Optional.of(channel));
        }
        channel.close();
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException | SecurityException | UnsupportedOperationException e) {
      // What is compiled is told of where it cannot be kept.
    }
    return new KernelTurn(file, Optional.empty());
  }

  private static boolean isLocked(FileChannel channel, Duration longest) throws IOException {
    long end = System.nanoTime() + longest.toNanos();
    do {
      Optional<FileLock> lock = tryLock(channel);
      if (lock.isPresent()) {
        return true;
      }
      try {
        Thread.sleep(PAUSE.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    } while (System.nanoTime() < end);
    return false;
  }

  private static Optional<FileLock> tryLock(FileChannel channel) throws IOException {
    try {
      return Optional.ofNullable(channel.tryLock());
    } catch (OverlappingFileLockException e) {
      return Optional.empty(); // another thread of this process
    }
  }

  /** Ends the turn. Who waits for it holds the file, though its name is gone. */
  @Override
  public void close() {
    try {
      if (channel.isPresent()) {
        Files.deleteIfExists(file);
        channel.get().close();
      }
    } catch (IOException e) {
      // The name is removed with what other processes left unfinished.
    }
  }
}
