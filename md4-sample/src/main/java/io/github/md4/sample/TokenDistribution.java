// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The network's distribution at every position of a partly masked sequence.
 *
 * @param zt the sequence, [N] in [0, V]
 * @param probabilities the probabilities of the clean tokens, [N, V], also at positions that are
 *     not masked
 */
public record TokenDistribution(int[] zt, float[] probabilities) {

  /** {@return V} */
  public int vocabularySize() {
    return probabilities.length / zt.length;
  }

  /**
   * {@return the probability of a token at a position}
   *
   * @param position the token's place in the sequence, in [0, N)
   * @param token the token, in [0, V)
   */
  public float probability(int position, int token) {
    return probabilities[position * vocabularySize() + token];
  }

  /**
   * {@return the {@code count} likeliest tokens at a position, likeliest first}
   *
   * @param position the token's place in the sequence, in [0, N)
   * @param count the number of tokens, at most V
   */
  public int[] likeliest(int position, int count) {
    return IntStream.range(0, vocabularySize())
        .boxed()
        .sorted(Comparator.comparingDouble(token -> -probability(position, token)))
        .limit(count)
        .mapToInt(token -> token)
        .toArray();
  }
}
