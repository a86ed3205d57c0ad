// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.window;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.internal.hash.Permutation;

/**
 * The endless windows of N tokens of a file, at stride 1, shuffled again in each epoch.
 *
 * <p>The position is the number of windows read before, over all epochs. Position and seed
 * determine the next window: the order of an epoch is a computed shuffle. Safe for several threads;
 * the file is closed by who opened it.
 */
public final class TrainingWindows implements Windows {
  private final TokenFile tokens;
  private final int length;
  private final long seed;
  private final long count;

  /**
   * Reads the windows of a file.
   *
   * @param tokens the tokens as {@code md4 data} prepared them, memory-mapped
   * @param length N, the number of tokens of a window, at least 1
   * @param seed any number; the order of the sequences in each epoch follows from it
   * @throws IllegalArgumentException if {@code length} is below 1
   * @throws InvalidDataException if the file is shorter than one window
   */
  public TrainingWindows(TokenFile tokens, int length, long seed) {
    EvaluationChunks.checkLength(tokens, length);
    this.tokens = tokens;
    this.length = length;
    this.seed = seed;
    count = tokens.length() - length + 1;
  }

  /** {@return the number of windows of an epoch: tokens - N + 1} */
  public long count() {
    return count;
  }

  @Override
  public int length() {
    return length;
  }

  /**
   * {@return the epoch that a position falls into, from 0}
   *
   * @param position the number of windows before it, at least 0
   * @throws IllegalArgumentException if {@code position} is negative
   */
  public long epoch(long position) {
    checkPosition(position);
    return position / count;
  }

  /**
   * {@return the index in the file of the first token of the window at a position}
   *
   * @param position the number of windows before it, at least 0
   * @throws IllegalArgumentException if {@code position} is negative
   */
  public long start(long position) {
    return Permutation.of(count, seed, epoch(position)).apply(position % count);
  }

  @Override
  public void read(long position, int[] into) {
    EvaluationChunks.checkArray(into, length);
    tokens.read(start(position), into);
  }

  /**
   * {@return the tokens of the window at a position, [N] in [0, V)}
   *
   * @param position the number of windows before it, at least 0
   * @throws IllegalArgumentException if {@code position} is negative
   */
  public int[] window(long position) {
    int[] ids = new int[length];
    read(position, ids);
    return ids;
  }

  private static void checkPosition(long position) {
    require(position >= 0, "position must be at least 0", position);
  }
}
