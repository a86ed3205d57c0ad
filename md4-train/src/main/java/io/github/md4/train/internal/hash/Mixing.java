// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.hash;

/** SplitMix64: 64-bit hashes and the uniforms made of them, the same on every machine. */
public final class Mixing {
  private static final long WEYL = 0x9E3779B97F4A7C15L; // 2^64 / golden ratio, odd
  private static final double TO_UNIT = 0x1.0p-53;

  private Mixing() {}

  /** Returns SplitMix64's output function, a bijection of 64 bits (Stafford's variant 13). */
  public static long mix(long z) {
    long once = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long twice = (once ^ (once >>> 27)) * 0x94D049BB133111EBL;
    return twice ^ (twice >>> 31);
  }

  /** Returns the number {@code index} of the stream {@code key}, from 0. */
  public static long at(long key, long index) {
    return mix(key + (index + 1) * WEYL);
  }

  /** Returns the key of a stream within a stream. */
  public static long key(long seed, long purpose) {
    return at(mix(seed), purpose);
  }

  /** Returns the number {@code index} of a stream of uniforms in [0, 1). */
  public static double uniform(long key, long index) {
    return (at(key, index) >>> 11) * TO_UNIT;
  }
}
