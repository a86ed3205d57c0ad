// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Decoder;
import io.github.md4.core.diffusion.Denoiser;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A denoiser that serves threads one after another, in the order in which they come.
 *
 * @param isAllowed throws where a thread may not call it any more
 */
record SerializedDenoiser(Denoiser denoiser, Runnable isAllowed, Lock turn) implements Denoiser {

  SerializedDenoiser(Denoiser denoiser, Runnable isAllowed) {
    this(denoiser, isAllowed, new ReentrantLock(true));
  }

  @Override
  public Denoiser withMaskColumn() {
    return new SerializedDenoiser(denoiser.withMaskColumn(), isAllowed, turn);
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    isAllowed.run();
    turn.lock();
    try {
      return denoiser.logits(zt, condition, rows);
    } finally {
      turn.unlock();
    }
  }

  @Override
  public Optional<Decoder> decoder(NDManager parent, int slots, int length) {
    return denoiser.decoder(parent, slots, length).map(each -> new Serialized(this, each));
  }

  /** A decoder that waits for its turn. */
  private record Serialized(SerializedDenoiser of, Decoder decoder) implements Decoder {

    @Override
    public NDArray next(
        NDManager scope, int[] slots, int past, int[][] tokens, Condition condition) {
      of.isAllowed.run();
      of.turn.lock();
      try {
        return decoder.next(scope, slots, past, tokens, condition);
      } finally {
        of.turn.unlock();
      }
    }

    @Override
    public void close() {
      decoder.close();
    }
  }
}
