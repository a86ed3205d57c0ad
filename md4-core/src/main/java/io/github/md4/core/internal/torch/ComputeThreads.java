// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;

/**
 * Threads that divide work among them, the calling one included. Each computes alone, so that what
 * a part gives does not depend on their number.
 */
public final class ComputeThreads implements AutoCloseable {
  private final int count;
  private final ExecutorService others;

  /**
   * @param count the number of threads, at least 1; the one that calls is the first
   */
  public ComputeThreads(int count) {
    this.count = count;
    this.others = Executors.newFixedThreadPool(Math.max(1, count - 1), ComputeThreads::thread);
  }

  private static Thread thread(Runnable work) {
    Runnable alone =
        () -> {
          EngineThreads.computeOnly();
          EngineThreads.computeAlone();
          work.run();
        };
    Thread thread = new Thread(alone, "md4-compute");
    thread.setDaemon(true);
    return thread;
  }

  /** Returns the number of threads. */
  public int count() {
    return count;
  }

  /**
   * Computes parts at once, and waits for all of them.
   *
   * @param parts at least 1; at most {@link #count} of them run at once
   * @return the result of each part, in order
   */
  public <T> List<T> map(int parts, IntFunction<T> part) {
    List<CompletableFuture<T>> begun = new ArrayList<>();
    for (int p = 1; p < parts; p++) {
      int own = p;
      begun.add(CompletableFuture.supplyAsync(() -> part.apply(own), others));
    }
    List<T> results = new ArrayList<>();
    try {
      results.add(part.apply(0));
    } finally {
      begun.forEach(ComputeThreads::await); // nothing is freed while another reads it
    }
    begun.forEach(each -> results.add(result(each)));
    return results;
  }

  private static void await(CompletableFuture<?> part) {
    CompletableFuture<?> unused = part.handle((result, failure) -> null);
    unused.join();
  }

  private static <T> T result(CompletableFuture<T> part) {
    try {
      return part.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  @Override
  public void close() {
    others.shutdown();
  }
}
