// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.update;

import ai.djl.ndarray.NDArray;

/**
 * The numbers of an update, on the device: reading them waits for it. Closed by whoever made the
 * update, on its thread.
 */
public final class UpdateNumbers implements AutoCloseable {
  private final NDArray array;

  /**
   * @param array float32 of one element, the loss, or of three: whether it is good, loss, norm
   */
  public UpdateNumbers(NDArray array) {
    this.array = array;
  }

  /**
   * An update's numbers.
   *
   * @param loss the diffusion term before the update, without the constant term, mean bits per
   *     token
   * @param gradientNorm the Euclidean norm of the gradient by all parameters, before any clipping;
   *     NaN where no guard watches it
   * @param isMade whether the update was made; false where the guard left it out
   */
  public record Read(float loss, float gradientNorm, boolean isMade) {}

  /**
   * Waits for the device and returns the numbers.
   *
   * @return loss, norm and verdict
   */
  public Read read() {
    float[] values = array.toFloatArray();
    return values.length == 1
        ? new Read(values[0], Float.NaN, true)
        : new Read(values[1], values[2], values[0] != 0);
  }

  /** Frees the numbers on the device. */
  @Override
  public void close() {
    array.close();
  }
}
