// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.service.RequestLimits;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * A request that makes its calls one after another, each between those of others.
 *
 * @param <T> what comes of it
 */
public final class ScoreRequest<T> implements ScheduledRequest {
  private final RequestTerms terms;
  private final CompletableFuture<T> done = new CompletableFuture<>();

  /**
   * @param positions those of a call
   */
  public ScoreRequest(RequestLimits limits, long positions) {
    this.terms = RequestTerms.now(limits, positions);
  }

  /** Returns its share of a call. */
  int weight() {
    return terms.limits().weight();
  }

  /** Returns the future of what comes of it. */
  public CompletableFuture<T> done() {
    return done;
  }

  /** Computes it, and keeps what comes of it or what goes wrong. */
  public void run(Supplier<T> computation) {
    try {
      boolean unused = done.complete(computation.get());
    } catch (RuntimeException | Error e) {
      end(e);
    }
  }

  /** Throws what has ended it, if it has ended. */
  public void checkIsGoingOn() {
    try {
      if (done.isCompletedExceptionally()) {
        T unused = done.join();
      }
    } catch (CompletionException e) {
      throw Interrupted.unchecked(e.getCause());
    }
  }

  @Override
  public boolean tryEnd(Throwable cause) {
    return done.completeExceptionally(cause);
  }

  @Override
  public boolean isEnded() {
    return done.isDone();
  }

  @Override
  public RequestTerms terms() {
    return terms;
  }
}
