// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import java.util.List;

/**
 * A way of drawing tokens from logits by inversion, which kernels carry out together with the
 * network.
 *
 * @param confidence the measure that is told with each token
 * @param temperature the divisor of the logits in the law of the tokens, at least 0; 0 is the
 *     limit, in which the likeliest tokens are as likely as each other
 * @param told the law of the probabilities and confidences that are told
 * @param cuts what stays of the law of the tokens, each of what the one before has left
 */
public record Inversion(Confidence confidence, double temperature, Told told, List<Cut> cuts) {
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

  /**
   * What stays of a law: its likeliest tokens, with all that tie with the last of them.
   *
   * @param most the number of tokens; 0 where there is none
   * @param share else the mass that they have at least, in (0, 1]
   */
  public record Cut(int most, double share) {
    /** Leaves everything. */
    public static final Cut NONE = new Cut(0, 1);
  }

  /** Makes a draw from all of a law. */
  public Inversion(Confidence confidence, double temperature, Told told) {
    this(confidence, temperature, told, List.of());
  }

  /** Returns a draw from the network's own law. */
  public static Inversion of(Confidence confidence) {
    return new Inversion(confidence, 1, Told.OF_NETWORK);
  }
}
