// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

/** The dropout of {@code attention.cu} in a head, probability by probability. */
final class NaiveDropout {
  private static final long WORD = 0xFFFFFFFFL;

  private final long key;
  private final long threshold;

  /**
   * @param head counted over all examples
   * @param threshold the least hash with which a probability is kept
   */
  NaiveDropout(int seed, int head, long threshold) {
    this.key = mixed(seed + 0x9E3779B97F4A7C15L * (head + 1));
    this.threshold = threshold;
  }

  static long threshold(double rate) {
    return Math.round(rate * 0x1p32);
  }

  /** Returns whether the probability of a query and a key is kept. */
  boolean isKept(int q, int k) {
    return hash(q, k) >= threshold;
  }

  /** Returns what is compared with the threshold, in [0, 2^32). */
  long hash(int q, int k) {
    int z = (q / 16 * 8 + q % 8) << 16 | (k / 16 * 8 + k % 8);
    z ^= (int) key;
    z = (z ^ z >>> 16) * 0x85EBCA6B;
    z = (z ^ z >>> 13 ^ (int) (key >>> 32)) * 0xC2B2AE35;
    return Integer.rotateLeft(z ^ z >>> 16, 8 * (2 * (q / 8 % 2) + k / 8 % 2)) & WORD;
  }

  private static long mixed(long start) {
    long z = (start ^ start >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
