// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.data;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The comparison of token files with the SHA-256 that they state, on a daemon thread of its own.
 * Safe for several threads.
 */
public final class DataCheck implements AutoCloseable {
  private final FutureTask<Void> task;

  private DataCheck(List<Path> files) {
    this.task =
        new FutureTask<>(
            () -> {
              for (Path file : files) {
                try (TokenFile tokens = TokenFile.open(file)) {
                  tokens.verify();
                }
              }
              return null;
            });
  }

  /**
   * Begins to read the files, in their order.
   *
   * @param files the {@code .bin}, each with its JSON; none for a comparison that is over at once
   * @return the comparison, closed by the caller
   */
  public static DataCheck start(List<Path> files) {
    DataCheck check = new DataCheck(List.copyOf(files));
    Thread thread = new Thread(check.task, "md4-sha256");
    thread.setDaemon(true);
    thread.start();
    return check;
  }

  /**
   * Returns at once, unless a file has been found to be another than it states.
   *
   * @throws InvalidDataException as {@link #await}
   * @throws IOException if a file cannot be read
   */
  public void look() throws IOException {
    if (task.isDone()) {
      await();
    }
  }

  /**
   * Waits until all files have been read.
   *
   * @throws InvalidDataException if the content of one is not what its JSON states
   * @throws java.util.concurrent.CancellationException after {@link #close}, if it was not over by
   *     then
   * @throws IOException if a file cannot be read, or the thread is interrupted
   */
  public void await() throws IOException {
    try {
      task.get();
    } catch (ExecutionException e) {
      throw rethrown(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the data's SHA-256 was computed", e);
    }
  }

  private static IOException rethrown(Throwable cause) {
    if (cause instanceof RuntimeException e) {
      throw e;
    }
    if (cause instanceof Error e) {
      throw e;
    }
    return cause instanceof IOException e ? e : new IOException(cause);
  }

  /** Ends the reading; a comparison that is over keeps its result. */
  @Override
  public void close() {
    boolean unused = task.cancel(true);
  }

  /** {@return whether all files have been read, with whatever result} */
  public boolean isDone() {
    return task.isDone();
  }
}
