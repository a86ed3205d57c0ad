// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.Download;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.loss.RowLoss;

/**
 * Calls of a network that a device queues. DJL's own way to the device and back waits for all that
 * is queued, so that the batch and its losses go through {@link Upload} and {@link Download}.
 */
final class QueuedLossCalls implements LossCalls {
  private final NDManager parent;
  private final Denoiser denoiser;
  private final RowLoss loss;
  private final Upload upload;
  private final Download download;

  /**
   * @param upload closed with this, as is {@code download}
   */
  QueuedLossCalls(
      NDManager parent, Denoiser denoiser, RowLoss loss, Upload upload, Download download) {
    this.parent = parent;
    this.denoiser = denoiser;
    this.loss = loss;
    this.upload = upload;
    this.download = download;
  }

  @Override
  public PendingLosses begin(QueryBatch batch) {
    if (batch.askedCount() == 0) {
      return () -> new float[0];
    }
    // Memory that is freed here serves what is queued later: the copy is queued before that.
    try (NDManager scope = parent.newSubManager()) {
      NDArray losses = batch.losses(scope, upload, denoiser, loss); // [R], perhaps a view
      return new Queued(download.begin(losses.duplicate()));
    }
  }

  @Override
  public void close() {
    upload.close();
    download.close();
  }

  /** Losses on their way to the host. */
  private record Queued(Download.Copy copy) implements PendingLosses {
    @Override
    public float[] await() {
      return copy.await();
    }

    @Override
    public void close() {
      copy.close();
    }
  }
}
