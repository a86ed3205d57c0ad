// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.internal.text.Counted;
import java.util.List;

/**
 * The shares of a text by position: train, then valid; the rest is test.
 *
 * @param train the share of train, in (0, 1]
 * @param valid the share of valid, in [0, 1 - train]; a share of 0 gets no file
 */
public record SplitFractions(double train, double valid) {
  /** The shares of text8: 90% train, 5% valid, 5% test. */
  public static final SplitFractions STANDARD = new SplitFractions(0.9, 0.05);

  private static final double ROUNDING = 1e-12; // of train + valid, each good to 1e-16

  /**
   * Checks that the shares are a whole.
   *
   * @param train the share of train, in (0, 1]
   * @param valid the share of valid, in [0, 1 - train]; a share of 0 gets no file
   * @throws IllegalArgumentException if one is outside its range, or both together exceed 1
   */
  public SplitFractions {
    require(train > 0 && train <= 1, "train must be in (0, 1]", train);
    if (!(valid >= 0 && train + valid <= 1 + ROUNDING)) {
      throw new IllegalArgumentException(
          "valid must be in [0, 1 - train]: %s, train %s".formatted(valid, train));
    }
  }

  /** {@return the share of test, the rest, in [0, 1); 0 where the rest is but rounding} */
  public double test() {
    double rest = 1 - (train + valid);
    return rest > ROUNDING ? rest : 0;
  }

  /**
   * Returns the numbers of tokens of the splits. The borders are rounded to the nearest token.
   *
   * @param count the number of all tokens, at least 1
   * @return the numbers of train, valid and test, whose sum is {@code count}
   * @throws IllegalArgumentException if a share above 0 gets no token
   */
  public List<Long> counts(long count) {
    long trainEnd = Math.round(count * train);
    long validEnd = test() == 0 ? count : Math.round(count * (train + valid));
    List<Long> counts = List.of(trainEnd, validEnd - trainEnd, count - validEnd);
    List<Double> shares = List.of(train, valid, test());
    for (int i = 0; i < counts.size(); i++) {
      if (counts.get(i) < 1 && shares.get(i) > 0) {
        throw new IllegalArgumentException(
            "too short to split: %s by %s, %s and the rest"
                .formatted(Counted.of(count, "token"), train, valid));
      }
    }
    return counts;
  }
}
