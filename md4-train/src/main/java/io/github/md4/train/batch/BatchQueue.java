// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.batch;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongFunction;

/**
 * The batches of consecutive steps, made on another thread a few steps before they are used. {@link
 * #take} and {@link #close} belong to one thread.
 *
 * @param <T> a batch, as it is made
 */
public final class BatchQueue<T> implements AutoCloseable {
  /** Enough to bridge what a page of the data's file or a collection of garbage takes. */
  private static final int STEPS_AHEAD = 3;

  private final LongFunction<T> batches;
  private final ExecutorService ahead = Executors.newSingleThreadExecutor(BatchQueue::daemon);
  private final Queue<CompletableFuture<T>> ready = new ArrayDeque<>();
  private long next;

  /**
   * Begins to make batches, on a daemon thread of its own.
   *
   * @param batches makes the batch of a step, given the number of updates before it; called on the
   *     other thread
   * @param firstStep the step whose batch is taken first, at least 0
   */
  public BatchQueue(LongFunction<T> batches, long firstStep) {
    this.batches = Objects.requireNonNull(batches, "batches");
    this.next = firstStep;
    for (int i = 0; i < STEPS_AHEAD; i++) {
      prepare();
    }
  }

  /**
   * Waits for the batch of the next step, and has one more made.
   *
   * @return the batch, which the caller closes where batches are closed
   * @throws RuntimeException what the making of this batch threw
   * @throws java.util.concurrent.CancellationException after {@link #close}, for a batch that was
   *     not made
   */
  public T take() {
    T taken = await(ready.remove());
    prepare();
    return taken;
  }

  /** Ends the thread; batches that were made and not taken are dropped. */
  @Override
  public void close() {
    ready.forEach(batch -> batch.cancel(false));
    ahead.shutdownNow().clear();
  }

  private void prepare() {
    long of = next++;
    ready.add(CompletableFuture.supplyAsync(() -> batches.apply(of), ahead));
  }

  private static <T> T await(CompletableFuture<T> batch) {
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
