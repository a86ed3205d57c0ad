// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;

/** The samples of a {@link SamplingJob} that nobody waits for yet. */
public final class SubmittedSamples implements PendingSamples {
  private final RequestScheduler scheduler;
  private final Executor callbacks;
  private final Map<Thread, SamplingJob> listening;
  private final EventStream stream;
  private SamplingJob job;
  private CompletableFuture<List<Sample>> result;

  /**
   * @param callbacks runs what depends on the result, and the subscriber
   * @param listening the request that each thread hears of now
   */
  public SubmittedSamples(
      RequestScheduler scheduler, Executor callbacks, Map<Thread, SamplingJob> listening) {
    this.scheduler = scheduler;
    this.callbacks = callbacks;
    this.listening = listening;
    this.stream = new EventStream(task -> callbacks.execute(() -> hear(task)), scheduler::wake);
  }

  public EventStream stream() {
    return stream;
  }

  /** Submits the request, whose events come by {@link #stream}. */
  public void begin(SamplingJob submitted) {
    job = submitted;
    result = Results.of(submitted.done(), callbacks, this::cancel);
    scheduler.submit(submitted);
  }

  private void hear(Runnable task) {
    SamplingJob unused = listening.put(Thread.currentThread(), job);
    try {
      task.run();
    } finally {
      unused = listening.remove(Thread.currentThread());
    }
  }

  @Override
  public CompletableFuture<List<Sample>> result() {
    return result;
  }

  @Override
  public boolean cancel() {
    boolean isFirst = job.tryEnd(new CancellationException("the request was cancelled"));
    scheduler.wake();
    return isFirst;
  }

  @Override
  public Flow.Publisher<TokenEvent> events() {
    return stream;
  }
}
