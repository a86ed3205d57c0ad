// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import java.util.Comparator;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The network's distribution at every position of a partly masked sequence. The arrays are not
 * copied.
 *
 * @param zt the sequence, [N] in [0, V], N at least 1; V is the mask
 * @param probabilities the probabilities of the clean tokens, [N V] position by position, also at
 *     positions that are not masked
 */
public record TokenDistribution(int[] zt, float[] probabilities) {
  /**
   * Checks the lengths.
   *
   * @param zt the sequence, [N] in [0, V], N at least 1; V is the mask
   * @param probabilities the probabilities of the clean tokens, [N V] position by position, also at
   *     positions that are not masked
   * @throws IllegalArgumentException if there is no position, or not as many probabilities at each
   */
  public TokenDistribution {
    require(zt.length >= 1, "zt must have at least one position", zt.length);
    require(
        probabilities.length >= zt.length && probabilities.length % zt.length == 0,
        "probabilities must be as many at each of %d positions".formatted(zt.length),
        probabilities.length);
  }

  /** {@return V, the number of tokens without the mask} */
  public int vocabularySize() {
    return probabilities.length / zt.length;
  }

  /**
   * {@return the probability of a token at a position}
   *
   * @param position the token's place in the sequence, in [0, N)
   * @param token the token, in [0, V)
   * @throws IndexOutOfBoundsException if one is out of its range
   */
  public float probability(int position, int token) {
    int place = Objects.checkIndex(position, zt.length) * vocabularySize();
    return probabilities[place + Objects.checkIndex(token, vocabularySize())];
  }

  /**
   * {@return the {@code count} likeliest tokens at a position, likeliest first, in [0, V)}
   *
   * @param position the token's place in the sequence, in [0, N)
   * @param count the number of tokens, at least 0; all V where it is larger
   * @throws IndexOutOfBoundsException if {@code position} is out of its range
   * @throws IllegalArgumentException if {@code count} is negative
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
