// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/**
 * The pairs of positions of which the first may see the second, where positions are unmasked block
 * by block (BD3-LM, Arriola et al., 2025).
 *
 * @param allowed [L, L], the seeing position first
 */
record BlockMask(boolean[][] allowed) {
  private static final float FORBIDDEN = -Float.MAX_VALUE;

  /** Returns that of a sequence whose blocks see themselves and those before them. */
  static BlockMask causal(int length, int blockSize) {
    return of(length, (a, b) -> b / blockSize <= a / blockSize);
  }

  /**
   * Returns that of noisy tokens followed by the same tokens clean, N of each: a noisy one sees the
   * noisy ones of its block and the clean ones of the blocks before it.
   */
  static BlockMask ofBoth(int length, int blockSize) {
    return of(
        2 * length,
        (a, b) -> {
          int from = a % length / blockSize;
          int to = b % length / blockSize;
          boolean isNoisy = a < length;
          return b < length ? isNoisy && from == to : isNoisy ? to < from : to <= from;
        });
  }

  private interface Pairs {
    boolean contains(int a, int b);
  }

  private static BlockMask of(int length, Pairs pairs) {
    boolean[][] allowed = new boolean[length][length];
    for (int a = 0; a < length; a++) {
      for (int b = 0; b < length; b++) {
        allowed[a][b] = pairs.contains(a, b);
      }
    }
    return new BlockMask(allowed);
  }

  /** Returns what is added to the products of queries and keys, float32 [1, 1, L, L]. */
  NDArray array(NDManager manager) {
    int length = allowed.length;
    float[] added = new float[length * length];
    for (int i = 0; i < added.length; i++) {
      added[i] = allowed[i / length][i % length] ? 0 : FORBIDDEN;
    }
    return manager.create(added, new Shape(1, 1, length, length));
  }
}
