// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

/**
 * An update that was not made, because its loss or its gradient was not finite or far from those
 * before it: see {@link io.github.md4.train.optimizer.SpikeGuard}.
 *
 * @param step which update it would have been, from 1
 * @param bitsPerToken its loss with the constant term, bits per token; may be infinite or NaN
 * @param gradientNorm the Euclidean norm of the gradient by all parameters, before any clipping;
 *     may be infinite or NaN
 * @param examples the examples of its batch, as a range of the training's order
 */
public record Spike(long step, double bitsPerToken, double gradientNorm, Examples examples) {

  /**
   * Consecutive examples by their position in the run's order of the data, over all epochs.
   *
   * @param first the first example's place in the training's order, from 0
   * @param count the number of examples, at least 1
   */
  public record Examples(long first, int count) {

    /** {@return the position of the last example in the run's order} */
    public long last() {
      return first + count - 1;
    }

    @Override
    public String toString() {
      return "examples " + first + " to " + last();
    }
  }
}
