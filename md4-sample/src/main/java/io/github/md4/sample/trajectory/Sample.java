// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

import java.util.Arrays;
import java.util.Objects;

/**
 * A finished sequence, without masks. Two are equal if all their components are, arrays by content.
 * The arrays are not copied.
 *
 * @param index the index of its {@link InitialSequence}
 * @param tokens the finished tokens, in [0, V), [N]
 * @param text the text of the tokens; empty where a {@code Sampler} drew them, which has no
 *     tokenizer
 * @param filled the positions in [0, N) that were masks at first, rising
 * @param calls the number of calls of the network that drew tokens for it, at least 0
 * @param seed the seed of its noise
 */
public record Sample(long index, int[] tokens, String text, int[] filled, int calls, long seed) {

  /**
   * Checks that all are there.
   *
   * @param index the index of its {@link InitialSequence}
   * @param tokens the finished tokens, in [0, V), [N]
   * @param text the text of the tokens; empty where a {@code Sampler} drew them, which has no
   *     tokenizer
   * @param filled the positions in [0, N) that were masks at first, rising
   * @param calls the number of calls of the network that drew tokens for it, at least 0
   * @param seed the seed of its noise
   * @throws NullPointerException if an array or the text is null
   */
  public Sample {
    Objects.requireNonNull(tokens, "tokens");
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(filled, "filled");
  }

  /**
   * {@return the same sample with a text}
   *
   * @param other the text of its tokens
   */
  public Sample withText(String other) {
    return new Sample(index, tokens, other, filled, calls, seed);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Sample that
        && index == that.index
        && calls == that.calls
        && seed == that.seed
        && text.equals(that.text)
        && Arrays.equals(tokens, that.tokens)
        && Arrays.equals(filled, that.filled);
  }

  @Override
  public int hashCode() {
    return Objects.hash(index, calls, seed, text, Arrays.hashCode(tokens), Arrays.hashCode(filled));
  }

  @Override
  public String toString() {
    return "Sample[index=%d, seed=%d, calls=%d, text=%s, tokens=%s, filled=%s]"
        .formatted(index, seed, calls, text, Arrays.toString(tokens), Arrays.toString(filled));
  }
}
