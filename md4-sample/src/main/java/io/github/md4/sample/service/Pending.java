// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.service;

import java.util.concurrent.CompletableFuture;

/**
 * A request that was submitted: it waits, runs, or has ended. Safe for several threads.
 *
 * @param <T> the result: samples, or a score
 */
public interface Pending<T> {

  /**
   * Returns what comes of the request. It fails with a {@link
   * java.util.concurrent.CancellationException} where the request was cancelled, a {@link
   * DeadlineException} where its deadline passed, an {@link IllegalStateException} where the model
   * was closed, or what else went wrong. Cancelling it cancels the request. What depends on it runs
   * on a thread that holds up no request.
   *
   * @return the same future each time
   */
  CompletableFuture<T> result();

  /**
   * Ends the request, at once where it waits and else before its next call of the network.
   *
   * @return whether it had not ended before
   */
  boolean cancel();
}
