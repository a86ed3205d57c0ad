// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

/**
 * A measure of a network's confidence at a position; samplers order positions by it. More is surer.
 */
public enum Confidence {
  /** The probability of the drawn token. */
  PROBABILITY(0),
  /** The difference between the probabilities of the two likeliest tokens. */
  MARGIN(1),
  /** Minus the entropy, nats. */
  NEGATIVE_ENTROPY(2);

  private final int code;

  Confidence(int code) {
    this.code = code;
  }

  /** Returns its number in the kernels. */
  public int code() {
    return code;
  }
}
