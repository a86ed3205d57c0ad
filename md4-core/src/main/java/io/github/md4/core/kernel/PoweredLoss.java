// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import ai.djl.ndarray.NDArray;

/**
 * What {@link Logits#powered} finds, on the device.
 *
 * @param ofRows what each row counts, unweighted, nats, float32 [R]
 * @param byPower the gradient by the powers of the weighted sum, as far as it is in the rows,
 *     float32 [V], perhaps with zeros after it
 */
public record PoweredLoss(NDArray ofRows, NDArray byPower) implements AutoCloseable {
  @Override
  public void close() {
    ofRows.close();
    byPower.close();
  }
}
