// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.quality;

import static io.github.md4.core.Checks.require;

import java.util.ArrayList;
import java.util.List;

/**
 * A model of each token given the ones before it, from counts, interpolated after Witten and Bell
 * (IEEE Transactions on Information Theory 37, 1991, method C). Immutable, safe for several
 * threads:
 *
 * <pre>{@code
 * P(w | h) = (c(h w) + d(h) P(w | h without its first)) / (c(h) + d(h))
 * }</pre>
 *
 * where c counts and d(h) is the number of different tokens that follow h; without a context it is
 * 1 / V.
 */
public final class NgramModel {
  private final int vocabularySize;
  private final List<NgramCounts> counts; // of n-grams, n = 1..order

  private NgramModel(int vocabularySize, List<NgramCounts> counts) {
    this.vocabularySize = vocabularySize;
    this.counts = counts;
  }

  /**
   * {@return the model of a text}
   *
   * @param tokens the text, ids in [0, V)
   * @param vocabularySize V, the number of tokens without the mask, at least 1
   * @param order the length of the longest sequences counted, at least 1; {@code
   *     vocabularySize^order} must be below 2^63
   * @throws IllegalArgumentException if a number is out of its range, or an id
   */
  public static NgramModel fit(int[] tokens, int vocabularySize, int order) {
    require(vocabularySize >= 1, "vocabularySize must be at least 1", vocabularySize);
    checkTokens(tokens, vocabularySize);
    require(
        order >= 1 && order * Math.log(vocabularySize) < 63 * Math.log(2),
        "order must be at least 1 and vocabularySize^order below 2^63",
        order + ", " + vocabularySize);
    List<NgramCounts> counts = new ArrayList<>();
    for (int n = 1; n <= order; n++) {
      counts.add(NgramCounts.of(tokens, vocabularySize, n));
    }
    return new NgramModel(vocabularySize, counts);
  }

  /**
   * {@return minus the natural logarithm of the probability of all tokens, each given its past}
   *
   * @param tokens the text, ids in [0, V)
   * @throws IllegalArgumentException if an id is out of this range
   */
  public double nats(int[] tokens) {
    checkTokens(tokens, vocabularySize);
    double nats = 0;
    for (int i = 0; i < tokens.length; i++) {
      nats -= Math.log(probability(tokens, i));
    }
    return nats;
  }

  private static void checkTokens(int[] tokens, int vocabularySize) {
    for (int token : tokens) {
      require(
          token >= 0 && token < vocabularySize,
          "a token must be in [0, %d)".formatted(vocabularySize),
          token);
    }
  }

  /** Returns the probability of the token at {@code i} given up to order - 1 before it. */
  double probability(int[] tokens, int i) {
    double probability = 1.0 / vocabularySize;
    long history = 0;
    long place = 1;
    for (int n = 1; n <= counts.size() && n <= i + 1; n++) {
      if (n > 1) {
        history += place * tokens[i - n + 1];
        place *= vocabularySize;
      }
      NgramCounts.Followers after = counts.get(n - 1).after(history);
      if (after.count() == 0) {
        return probability; // a longer history was not seen either
      }
      long seen = counts.get(n - 1).count(history * vocabularySize + tokens[i]);
      probability = (seen + after.different() * probability) / (after.count() + after.different());
    }
    return probability;
  }
}
