// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.diffusion.PendingLosses;

/**
 * The losses of batches, each of which is begun before those of the batch before it are read: a
 * device has the next call behind the one that it computes. At most two are begun and not closed.
 */
final class LossesAhead implements AutoCloseable {
  private final LikelihoodEstimator.Losses losses;
  private ScoredBatches.Batch ahead; // null where none has been begun
  private PendingLosses begun; // of the batch ahead; null where that failed
  private RuntimeException failure; // null where it did not

  LossesAhead(LikelihoodEstimator.Losses losses) {
    this.losses = losses;
  }

  /**
   * Returns the losses of a batch, before which the next one of its place is begun. What fails at
   * the next one is thrown when its own losses are wanted.
   */
  float[] of(ScoredBatches.Batch batch) {
    try (PendingLosses own = begunOrBegin(batch)) {
      if (ahead == null) {
        batch.next().ifPresent(this::begin);
      }
      return own.await();
    }
  }

  private PendingLosses begunOrBegin(ScoredBatches.Batch batch) {
    if (batch != ahead) {
      return losses.begin(batch.queries());
    }
    ahead = null;
    if (failure != null) {
      throw failure;
    }
    PendingLosses own = begun;
    begun = null;
    return own;
  }

  private void begin(ScoredBatches.Batch next) {
    ahead = next;
    try {
      begun = losses.begin(next.queries());
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /** Closes what has been begun and not been asked for. */
  @Override
  public void close() {
    if (begun != null) {
      begun.close();
    }
  }
}
