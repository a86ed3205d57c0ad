// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

/**
 * Is told, phase by phase, how far an update has come: the seam through which it is measured.
 *
 * <p>On a GPU a phase that is over on the host may not have begun on the device; a listener that
 * wants the device's time waits for it.
 */
@FunctionalInterface
public interface UpdateListener {
  /** Hears and costs nothing. */
  UpdateListener NONE = phase -> {};

  /** What an update consists of; the first three come once for every micro-batch. */
  enum Phase {
    /** Tokens, rows and weights of the loss become arrays on the device. */
    UPLOAD,
    /** The network and the loss; the condition and the dropped channels are uploaded in it. */
    FORWARD,
    /** The gradients, and their sum over micro-batches. */
    BACKWARD,
    /** Clipping and the update of moments and weights. */
    OPTIMIZER,
    /** The exponential moving average. */
    EMA
  }

  /** Is called on the training thread when all of a phase is queued on the device. */
  void after(Phase phase);
}
