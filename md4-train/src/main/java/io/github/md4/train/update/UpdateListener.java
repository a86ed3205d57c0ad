// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.update;

/**
 * A listener that is told, phase by phase, how far an update has come: the seam through which it is
 * measured.
 *
 * <p>On a GPU a phase that is over on the host may not have begun on the device; a listener that
 * wants the device's time waits for it.
 */
@FunctionalInterface
public interface UpdateListener {
  /** The listener that does nothing. */
  UpdateListener NONE = phase -> {};

  /** A phase of an update; the first three come once for every micro-batch. */
  enum Phase {
    /** The upload of the batch, and the network. */
    FORWARD,
    /** Targets, and the loss with its gradient by the logits. */
    LOSS,
    /** The gradients, and their sum over micro-batches. */
    BACKWARD,
    /** The wait for the gradients of other processes, as far as it is not over by then. */
    EXCHANGE,
    /** Clipping, the update of moments and weights, and their exponential moving average. */
    OPTIMIZER
  }

  /**
   * Is called on the training thread when all of a phase is queued on the device.
   *
   * @param phase the phase that is queued
   */
  void after(Phase phase);
}
