// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.noise;

/**
 * Many blocks of {@link Philox} at once, those of counters that differ in their first word alone:
 * each round goes over all blocks of a chunk, in loops that the compiler makes vectors of.
 */
final class PhiloxBlocks {
  private static final int CHUNK = 128;
  private static final int WORDS = 4;
  private static final long WORD = 0xFFFFFFFFL;

  private final long second;
  private final long third;
  private final long fourth;
  private final long key;
  private final long[] c0 = new long[CHUNK];
  private final long[] c1 = new long[CHUNK];
  private final long[] c2 = new long[CHUNK];
  private final long[] c3 = new long[CHUNK];

  /** Counters {@code (0, second, third, fourth)}, {@code (1, second, third, fourth)}, ... */
  PhiloxBlocks(int second, int third, int fourth, long key) {
    this.second = second & WORD;
    this.third = third & WORD;
    this.fourth = fourth & WORD;
    this.key = key;
  }

  /** Fills {@code words} with the blocks of the counters from 0 on; the last may be cut off. */
  void fill(int[] words) {
    int blocks = (words.length + WORDS - 1) / WORDS;
    for (int first = 0; first < blocks; first += CHUNK) {
      scramble(first);
      copy(words, first);
    }
  }

  private void copy(int[] words, int first) {
    int whole = Math.min(CHUNK, words.length / WORDS - first);
    for (int i = 0; i < whole; i++) {
      int at = (first + i) * WORDS;
      words[at] = (int) c0[i];
      words[at + 1] = (int) c1[i];
      words[at + 2] = (int) c2[i];
      words[at + 3] = (int) c3[i];
    }
    if (whole < CHUNK) {
      int[] rest = {(int) c0[whole], (int) c1[whole], (int) c2[whole]};
      int at = (first + whole) * WORDS;
      System.arraycopy(rest, 0, words, at, words.length - at);
    }
  }

  private void scramble(int first) {
    for (int i = 0; i < CHUNK; i++) {
      c0[i] = (long) first + i;
      c1[i] = second;
      c2[i] = third;
      c3[i] = fourth;
    }
    long k0 = key & WORD;
    long k1 = key >>> Integer.SIZE;
    for (int round = 0; round < Philox.ROUNDS; round++) {
      round(k0, k1);
      k0 = (k0 + Philox.WEYL_0) & WORD;
      k1 = (k1 + Philox.WEYL_1) & WORD;
    }
  }

  private void round(long k0, long k1) {
    for (int i = 0; i < CHUNK; i++) {
      long p0 = (Philox.MULTIPLIER_0 & WORD) * c0[i];
      long p1 = (Philox.MULTIPLIER_1 & WORD) * c2[i];
      c0[i] = (p1 >>> Integer.SIZE) ^ c1[i] ^ k0;
      c1[i] = p1 & WORD;
      c2[i] = (p0 >>> Integer.SIZE) ^ c3[i] ^ k1;
      c3[i] = p0 & WORD;
    }
  }
}
