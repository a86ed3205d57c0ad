// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.noise;

/**
 * The counter-based generator Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", 2011): a keyed bijection of 128-bit counters.
 */
final class Philox {
  static final int ROUNDS = 10;
  static final int MULTIPLIER_0 = 0xD2511F53;
  static final int MULTIPLIER_1 = 0xCD9E8D57;
  static final int WEYL_0 = 0x9E3779B9;
  static final int WEYL_1 = 0xBB67AE85;
  private static final long WORD = 0xFFFFFFFFL;

  private Philox() {}

  /** Replaces the counter in {@code c}, four words, by the four random words of {@code key}. */
  static void scramble(int[] c, long key) {
    int k0 = (int) key;
    int k1 = (int) (key >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long p0 = (MULTIPLIER_0 & WORD) * (c[0] & WORD);
      long p1 = (MULTIPLIER_1 & WORD) * (c[2] & WORD);
      int c1 = c[1];
      int c3 = c[3];
      c[0] = (int) (p1 >>> 32) ^ c1 ^ k0;
      c[1] = (int) p1;
      c[2] = (int) (p0 >>> 32) ^ c3 ^ k1;
      c[3] = (int) p0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
  }
}
