// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;

/**
 * The result of {@link Logits#genMd4}, on the device. It owns its arrays: {@link #close} frees
 * them, and whoever called {@code genMd4} closes it, unless the scope that owns them is closed
 * first.
 *
 * @param sum the weighted sum of the rows, nats, float32, one element
 * @param ofRows the loss of each row, unweighted, nats, float32 [R]
 * @param byPower the gradient of the sum by the powers with the logits held constant, float32 [V],
 *     optionally followed by zeros
 */
public record GenMd4Loss(NDArray sum, NDArray ofRows, NDArray byPower) implements AutoCloseable {
  @Override
  public void close() {
    sum.close();
    ofRows.close();
    byPower.close();
  }
}
