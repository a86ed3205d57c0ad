// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.token.TokenFile;

/** Endless sequences of tokens to train on; safe for several threads. */
public interface Windows {

  /**
   * {@return the windows of a file: its rows where it is packed into rows, and otherwise every
   * window of {@code length} tokens}
   *
   * @param tokens the tokens as {@code md4 data} prepared them, memory-mapped
   * @param length N, the number of tokens of a sequence
   * @param seed any number; the order of the sequences in each epoch follows from it
   * @throws io.github.md4.core.InvalidDataException if it is too short, or its rows have another
   *     length
   */
  static Windows of(TokenFile tokens, int length, long seed) {
    boolean isPacked = tokens.info().map(info -> info.rowLength() > 0).orElse(false);
    return isPacked
        ? new TrainingRows(tokens, length, seed)
        : new TrainingWindows(tokens, length, seed);
  }

  /** {@return the number of tokens in a window} */
  int length();

  /**
   * Reads the window at a position into an array of {@link #length}.
   *
   * @param position the number of windows before it, at least 0
   * @param into [N], overwritten with tokens in [0, V)
   */
  void read(long position, int[] into);

  /**
   * {@return the class of the window at a position, {@link Condition#NO_LABEL} without classes}
   *
   * @param position the number of windows before it, at least 0
   */
  default int label(long position) {
    return Condition.NO_LABEL;
  }
}
