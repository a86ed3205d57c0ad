// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.window;

import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.token.TokenFile;

/**
 * Endless sequences of N tokens to train on, one at each position from 0. An implementation is safe
 * for several threads, and a pure function of the position, so that a resumed run sees what it
 * would have seen.
 */
public interface Windows {

  /**
   * {@return the windows of a file: its rows where it is packed into rows, and otherwise every
   * window of {@code length} tokens}
   *
   * @param tokens the tokens as {@code md4 data} prepared them, memory-mapped
   * @param length N, the number of tokens of a sequence, at least 1
   * @param seed any number; the order of the sequences in each epoch follows from it
   * @throws IllegalArgumentException if {@code length} is below 1
   * @throws io.github.md4.core.InvalidDataException if it is too short, or its rows have another
   *     length
   */
  static Windows of(TokenFile tokens, int length, long seed) {
    boolean isPacked = tokens.info().map(info -> info.rowLength() > 0).orElse(false);
    return isPacked
        ? new TrainingRows(tokens, length, seed)
        : new TrainingWindows(tokens, length, seed);
  }

  /** {@return N, the number of tokens of a sequence} */
  int length();

  /**
   * Reads the sequence at a position into an array.
   *
   * @param position the number of sequences before it, over all epochs, at least 0
   * @param into [N], overwritten with tokens in [0, V)
   * @throws IllegalArgumentException if {@code position} is negative, or the array has another
   *     length
   */
  void read(long position, int[] into);

  /**
   * {@return the class of the sequence at a position, at least 0, or {@link Condition#NO_LABEL}
   * without classes}
   *
   * @param position the number of sequences before it, over all epochs, at least 0
   */
  default int label(long position) {
    return Condition.NO_LABEL;
  }
}
