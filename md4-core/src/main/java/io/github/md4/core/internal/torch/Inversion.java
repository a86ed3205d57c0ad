// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

/**
 * A way of drawing tokens from logits by inversion, which kernels carry out together with the
 * network.
 *
 * @param confidence the measure that is told with each token
 * @param temperature the divisor of the logits in the law of the tokens, at least 0; 0 is the
 *     limit, in which the likeliest tokens are as likely as each other
 * @param told the law of the probabilities and confidences that are told
 */
public record Inversion(Confidence confidence, double temperature, Told told) {
  /** The laws whose probabilities can be told. */
  public enum Told {
    /** The network's law, whatever the temperature. */
    OF_NETWORK,
    /**
     * The law of the tokens. At the temperature 0 the first of the likeliest tokens is taken,
     * whatever the uniform, and the network's law is told.
     */
    OF_TOKENS
  }

  /** Returns a draw from the network's own law. */
  public static Inversion of(Confidence confidence) {
    return new Inversion(confidence, 1, Told.OF_NETWORK);
  }
}
