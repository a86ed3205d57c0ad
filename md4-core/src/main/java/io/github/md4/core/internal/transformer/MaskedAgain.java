// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

/**
 * The tokens that may be masked again after a step, in rounds: in each, those whose limit is below
 * {@code share w_n / sum_m w_m}, the sum being over their example. The weight w is {@code
 * exp(-probability)} of a token that was revealed, 0 elsewhere. The round 0 is before the step's
 * own tokens are revealed, others are after them.
 *
 * @param weights the weights before the step, [B N]; read of a first step alone, and none where
 *     they are not known
 * @param starts the first entry of each example, and the number of all, [B + 1]
 * @param positions of the entries in their sequences; those of an example in ascending order of
 *     rounds
 * @param rounds at least 0; no two entries of one round and example are of one position
 * @param limits at least 0
 * @param shares of the rounds, at least 0
 */
public record MaskedAgain(
    double[] weights,
    int[] starts,
    int[] positions,
    int[] rounds,
    double[] limits,
    double[] shares) {
  static final MaskedAgain NONE =
      new MaskedAgain(
          new double[0], new int[0], new int[0], new int[0], new double[0], new double[0]);
}
