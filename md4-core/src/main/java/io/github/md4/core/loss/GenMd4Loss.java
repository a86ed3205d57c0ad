// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;

/**
 * What {@link Logits#powered} finds, on the device.
 *
 * @param sum the weighted sum of the rows, float32, one element
 * @param ofRows what each row counts, unweighted, nats, float32 [R]
 * @param byPower the gradient of the sum by the powers, the guesses being constants, float32 [V],
 *     perhaps with zeros after it
 */
public record GenMd4Loss(NDArray sum, NDArray ofRows, NDArray byPower) implements AutoCloseable {
  @Override
  public void close() {
    sum.close();
    ofRows.close();
    byPower.close();
  }
}
