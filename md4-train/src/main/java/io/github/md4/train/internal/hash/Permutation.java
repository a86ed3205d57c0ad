// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.hash;

/**
 * A shuffle of {@code 0 .. size - 1} that is computed, not stored: a keyed bijection.
 *
 * <p>A Feistel network permutes the numbers of {@code 2 h} bits, the fewest that hold {@code size}.
 * A round takes the halves {@code (l, r)} to {@code (r, l xor f_i(r))}, which is invertible for
 * every {@code f_i}; here {@code f_i} is SplitMix64's hash of r with the round's key. A number
 * outside {@code [0, size)} is permuted again until it falls inside (cycle walking: Black and
 * Rogaway, Ciphers with Arbitrary Finite Domains, 2002, Section 3). This follows the bijection's
 * cycle through the start, so that it is a bijection of {@code [0, size)}. Fewer than four turns
 * are expected, since {@code 4^h < 4 size}. Immutable, safe for several threads.
 */
public final class Permutation {
  // Four are enough for large halves (Luby and Rackoff, 1988); small ones need more.
  private static final int ROUNDS = 8;

  private final long size;
  private final int halfBits;
  private final long halfMask;
  private final long[] roundKeys = new long[ROUNDS];

  private Permutation(long size, long key) {
    this.size = size;
    int bits = Long.SIZE - Long.numberOfLeadingZeros(size - 1);
    halfBits = Math.max(1, (bits + 1) / 2);
    halfMask = (1L << halfBits) - 1;
    for (int i = 0; i < ROUNDS; i++) {
      roundKeys[i] = Mixing.at(key, i);
    }
  }

  /**
   * {@return the shuffle of an epoch}
   *
   * @param size the number of things that are shuffled, in [1, 2^62]
   * @param seed any number; permutations of different seeds are unrelated
   * @param epoch the number of the pass over the data, from 0
   * @throws IllegalArgumentException if {@code size} is not in [1, 2^62]
   */
  public static Permutation of(long size, long seed, long epoch) {
    if (size < 1 || size > 1L << 62) {
      throw new IllegalArgumentException("size must be in [1, 2^62]: " + size);
    }
    return new Permutation(size, Mixing.key(seed, epoch));
  }

  /**
   * {@return the image of k in {@code [0, size)}}
   *
   * @param k a number in {@code [0, size)}
   * @throws IllegalArgumentException if it is out of this range
   */
  public long apply(long k) {
    if (k < 0 || k >= size) {
      throw new IllegalArgumentException("k must be in [0, %d): %d".formatted(size, k));
    }
    long image = encrypt(k);
    while (image >= size) {
      image = encrypt(image);
    }
    return image;
  }

  private long encrypt(long block) {
    long left = block >>> halfBits;
    long right = block & halfMask;
    for (long key : roundKeys) {
      long next = left ^ (Mixing.mix(right ^ key) & halfMask);
      left = right;
      right = next;
    }
    return left << halfBits | right;
  }
}
