// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.diffusion.Draft;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The batches of consecutive steps, each made on another thread while the one before it is used.
 */
public final class BatchQueue implements AutoCloseable {
  private final Batches batches;
  private final ExecutorService ahead = Executors.newSingleThreadExecutor(BatchQueue::daemon);
  private CompletableFuture<List<Draft>> next;
  private long step;

  /**
   * @param firstStep the step whose batch is taken first
   */
  public BatchQueue(Batches batches, long firstStep) {
    this.batches = batches;
    this.step = firstStep;
    this.next = prepare(firstStep);
  }

  /** Returns the micro-batches of the next step, and has the ones after it made. */
  public List<Draft> take() {
    List<Draft> taken = await(next);
    step++;
    next = prepare(step);
    return taken;
  }

  @Override
  public void close() {
    List<Runnable> unused = ahead.shutdownNow();
  }

  private CompletableFuture<List<Draft>> prepare(long of) {
    return CompletableFuture.supplyAsync(() -> batches.of(of), ahead);
  }

  private static List<Draft> await(CompletableFuture<List<Draft>> batch) {
    try {
      return batch.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "md4-batches");
    thread.setDaemon(true);
    return thread;
  }
}
