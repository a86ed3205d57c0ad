// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.diffusion.TokenSpace;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * What a sequence is before it is sampled.
 *
 * @param zt tokens, which stay what they are, and masks, which are filled; [N] in [0, V]
 * @param index what tells its noise from that of the other sequences of its seed, in [0, 2^32)
 * @param label the class that the network is told, or {@link #NO_LABEL}
 */
public record InitialSequence(int[] zt, long index, int label) {
  /** Where there are no classes. */
  public static final int NO_LABEL = -1;

  private static final long INDICES = 1L << 32;

  public InitialSequence {
    if (zt.length == 0) {
      throw new IllegalArgumentException("a sequence must have at least one position: 0");
    }
    if (!(index >= 0 && index < INDICES)) {
      throw new IllegalArgumentException("index must be in [0, 2^32): " + index);
    }
    if (label < NO_LABEL) {
      throw new IllegalArgumentException("label must be at least 0: " + label);
    }
  }

  /** Returns a sequence with no class. */
  public InitialSequence(int[] zt, long index) {
    this(zt, index, NO_LABEL);
  }

  /** Returns a sequence of nothing but masks. */
  public static InitialSequence masked(TokenSpace space, int length, long index) {
    int[] zt = new int[length];
    Arrays.fill(zt, space.maskToken());
    return new InitialSequence(zt, index);
  }

  /** Returns the same under a class. */
  public InitialSequence withLabel(int of) {
    return new InitialSequence(zt, index, of);
  }

  /** Returns other tokens with the same index and class. */
  InitialSequence with(int[] other) {
    return new InitialSequence(other, index, label);
  }

  /** Returns the class as a network is told it: none, or the one. */
  IntStream labels() {
    return IntStream.of(label).filter(of -> of != NO_LABEL);
  }

  /** Returns the places of the masks, rising. */
  int[] holes(TokenSpace space) {
    return holes(space, zt);
  }

  /** Returns the places of the masks of a sequence, rising. */
  static int[] holes(TokenSpace space, int[] z) {
    return IntStream.range(0, z.length).filter(n -> space.isMask(z[n])).toArray();
  }

  /** Throws unless all tokens are of {@code space}. */
  void check(TokenSpace space) {
    for (int token : zt) {
      if (!(token >= 0 && token <= space.maskToken())) {
        throw new IllegalArgumentException(
            "a token must be in [0, %d]: %d".formatted(space.maskToken(), token));
      }
    }
  }
}
