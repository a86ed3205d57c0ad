// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.service.Pending;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** The result of a {@link ScoreRequest} that nobody waits for yet. */
public final class SubmittedScore<T> implements Pending<T> {
  private final RequestScheduler scheduler;
  private final ScoreRequest<T> request;
  private final CompletableFuture<T> result;

  public SubmittedScore(RequestScheduler scheduler, ScoreRequest<T> request, Executor callbacks) {
    this.scheduler = scheduler;
    this.request = request;
    this.result = Results.of(request.done(), callbacks, this::cancel);
  }

  @Override
  public CompletableFuture<T> result() {
    return result;
  }

  @Override
  public boolean cancel() {
    boolean isFirst = request.tryEnd(new CancellationException("the request was cancelled"));
    scheduler.wake();
    return isFirst;
  }
}
