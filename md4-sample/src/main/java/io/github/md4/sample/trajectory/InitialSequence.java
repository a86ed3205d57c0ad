// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.diffusion.TokenSpace;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A sequence before it is sampled. The array is not copied, and not changed by any sampler.
 *
 * @param zt tokens, which never change, and masks, V, which are filled; [N] in [0, V], N at least 1
 * @param index the number that tells its noise from that of the other sequences of a seed, in [0,
 *     2^32)
 * @param label the class that the network is told, at least 0, or {@link #NO_LABEL}
 */
public record InitialSequence(int[] zt, long index, int label) {
  /** The label of sequences without a class. */
  public static final int NO_LABEL = -1;

  private static final long INDICES = 1L << 32;
  private static final int LONGEST = 1 << 20;

  /**
   * Checks the length, the index and the label.
   *
   * @param zt tokens, which never change, and masks, V, which are filled; [N] in [0, V], N at least
   *     1
   * @param index the number that tells its noise from that of the other sequences of a seed, in [0,
   *     2^32)
   * @param label the class that the network is told, at least 0, or {@link #NO_LABEL}
   * @throws IllegalArgumentException if there is no position, or index or label is out of its range
   */
  public InitialSequence {
    require(zt.length > 0, "a sequence must have at least one position", zt.length);
    require(index >= 0 && index < INDICES, "index must be in [0, 2^32)", index);
    require(label >= NO_LABEL, "label must be at least 0", label);
  }

  /**
   * Makes a sequence without a class.
   *
   * @param zt tokens, and masks V, [N] in [0, V], N at least 1
   * @param index the number that tells its noise from that of the other sequences of a seed, in [0,
   *     2^32)
   */
  public InitialSequence(int[] zt, long index) {
    this(zt, index, NO_LABEL);
  }

  /**
   * {@return a sequence of masks only}
   *
   * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
   * @param length N, the number of tokens, at least 1
   * @param index the number that tells its noise from that of the other sequences of a seed, in [0,
   *     2^32)
   */
  public static InitialSequence masked(TokenSpace space, int length, long index) {
    int[] zt = new int[length];
    Arrays.fill(zt, space.maskToken());
    return new InitialSequence(zt, index);
  }

  /**
   * {@return sequences of masks only, in the order of their indices}
   *
   * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
   * @param length N, the number of tokens of each, in [1, 2^20]
   * @param first the index of the first, at least 0; that of the last is below 2^32
   * @param count the number of sequences, at least 1
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static List<InitialSequence> masked(TokenSpace space, int length, long first, int count) {
    require(first >= 0, "first must be at least 0", first);
    require(count >= 1, "count must be at least 1", count);
    require(length >= 1, "length must be at least 1", length);
    require(length <= LONGEST, "length must be at most 2^20", length);
    require(first <= INDICES - count, "first + count must be at most 2^32", first);
    return LongStream.range(first, first + count)
        .mapToObj(index -> masked(space, length, index))
        .toList();
  }

  /**
   * {@return the same sequence with a class}
   *
   * @param other the class that the network is told, at least 0
   * @throws IllegalArgumentException if it is below {@link #NO_LABEL}
   */
  public InitialSequence withLabel(int other) {
    return new InitialSequence(zt, index, other);
  }

  /**
   * {@return a sequence of other tokens with the same index and class}
   *
   * @param other the tokens and masks, [N] in [0, V], N at least 1
   */
  public InitialSequence with(int[] other) {
    return new InitialSequence(other, index, label);
  }

  /** {@return the class as a network is told it: one number, or none} */
  public IntStream labels() {
    return IntStream.of(label).filter(each -> each != NO_LABEL);
  }

  /**
   * Checks that all tokens are of {@code space}.
   *
   * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
   * @throws IllegalArgumentException if one is not
   */
  public void check(TokenSpace space) {
    String message = "a token must be in [0, %d]".formatted(space.maskToken());
    for (int token : zt) {
      require(token >= 0 && token <= space.maskToken(), message, token);
    }
  }
}
