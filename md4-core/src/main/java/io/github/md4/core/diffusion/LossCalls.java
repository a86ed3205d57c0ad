// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.Download;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.loss.RowLoss;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Calls of a network for the losses of batches. Where the device has a queue, as a GPU has, a call
 * is queued when it is begun, and the host waits for it alone when it reads its losses: with the
 * next call begun before the losses of one are read, the device never waits for the host. A CPU
 * computes the losses when they are read. The numbers are those of {@link QueryBatch#losses}. Calls
 * belong to one thread.
 */
public interface LossCalls extends AutoCloseable {

  /**
   * {@return the calls of a network, closed by the caller after all that was begun}
   *
   * @param parent the manager of the device on which the network runs; stays the caller's
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V];
   *     stays the caller's
   * @param loss the loss of a row
   */
  static LossCalls of(NDManager parent, Denoiser denoiser, RowLoss loss) {
    Optional<Download> download = Download.of(parent);
    return download.isPresent()
        ? new QueuedLossCalls(parent, denoiser, loss, Upload.of(parent), download.get())
        : batch -> () -> batch.losses(parent, denoiser, loss);
  }

  /**
   * Begins a call; none, where nothing is asked.
   *
   * @param batch what the network is shown and asked
   * @return the losses, closed by the caller
   */
  PendingLosses begin(QueryBatch batch);

  /**
   * Reads the losses of batches one after another; each batch is begun before the losses of the one
   * before it are read.
   *
   * @param batches what the network is shown and asked; a batch is taken when it is begun
   * @param reader takes a batch and its losses, as {@link QueryBatch#losses} gives them
   */
  default void forEach(Iterator<QueryBatch> batches, BiConsumer<QueryBatch, float[]> reader) {
    record Begun(QueryBatch batch, PendingLosses losses) {}
    Deque<Begun> open = new ArrayDeque<>();
    try {
      while (!open.isEmpty() || batches.hasNext()) {
        while (open.size() < 2 && batches.hasNext()) {
          QueryBatch next = batches.next();
          open.add(new Begun(next, begin(next)));
        }
        float[] losses = open.element().losses.await();
        Begun read = open.remove();
        read.losses.close();
        reader.accept(read.batch, losses);
      }
    } finally {
      open.forEach(begun -> begun.losses.close());
    }
  }

  /** Gives back the memory of the host that calls take by turns. */
  @Override
  default void close() {}
}
