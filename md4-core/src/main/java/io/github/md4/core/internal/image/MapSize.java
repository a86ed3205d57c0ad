// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import io.github.md4.core.internal.cuda.CudaProgram.Grid;

/**
 * The size of maps side by side, and the number of blocks that share an example.
 *
 * @param channels of all maps
 */
record MapSize(int examples, int channels, int pixels, int splits) {
  /** The threads of a block. */
  static final int THREADS = 256;

  /** The most waves of blocks that an example is split for, and the gain that is worth a split. */
  private static final int MOST_WAVES = 4;

  private static final double WORTH = 0.02;

  Grid grid() {
    return new Grid((long) examples * splits, THREADS, 1);
  }

  /** Returns how many sums all blocks write, with so many quantities of a channel. */
  long sums(int quantities) {
    return (long) examples * splits * quantities * channels;
  }

  /**
   * Returns the number of blocks that share an example: such that all blocks run at once, or that
   * the last of them leave few multiprocessors idle.
   *
   * @param most the largest number
   * @param atOnce the blocks that run at once
   */
  static int splits(int examples, int most, int atOnce) {
    int best = 1;
    for (int splits = 1;
        splits <= Math.min(most, Math.max(1, MOST_WAVES * atOnce / examples));
        splits++) {
      if (busy(examples * splits, atOnce) > busy(examples * best, atOnce) + WORTH) {
        best = splits;
      }
    }
    return best;
  }

  /** Returns the share of its time that a GPU is busy with blocks that all take as long. */
  private static double busy(int blocks, int atOnce) {
    double waves = (double) blocks / atOnce;
    return waves / Math.ceil(waves);
  }
}
