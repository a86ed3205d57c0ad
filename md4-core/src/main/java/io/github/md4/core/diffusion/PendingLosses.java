// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

/**
 * The losses of a batch that a network has been asked for, and that may still have to be computed.
 * Closed by whoever asked for them, read or not. Belongs to one thread.
 */
@FunctionalInterface
public interface PendingLosses extends AutoCloseable {

  /**
   * Waits for the losses. Called once.
   *
   * @return the losses as {@link QueryBatch#losses} gives them, nats
   */
  float[] await();

  /** Frees what was made on the device for them. */
  @Override
  default void close() {}
}
