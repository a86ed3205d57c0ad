// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;

/** The futures that users hold. */
final class Results {
  private Results() {}

  /**
   * Returns a future that is completed as another one, on a thread of an executor.
   *
   * @param onCancel called where the user has cancelled it
   */
  static <T> CompletableFuture<T> of(
      CompletableFuture<T> done, Executor executor, BooleanSupplier onCancel) {
    CompletableFuture<T> result = new CompletableFuture<>();
    CompletableFuture<T> unused =
        done.whenCompleteAsync(
            (value, failure) -> {
              boolean unusedToo =
                  failure == null ? result.complete(value) : result.completeExceptionally(failure);
            },
            executor);
    CompletableFuture<T> unusedCancel =
        result.whenComplete(
            (value, failure) -> {
              if (result.isCancelled()) {
                boolean unusedToo = onCancel.getAsBoolean();
              }
            });
    return result;
  }
}
