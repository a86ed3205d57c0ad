// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

/** Sequences of tokens to train on, without end; safe for several threads. */
public interface Windows {

  /** Returns the tokens of a window. */
  int length();

  /**
   * Reads the window at a position into an array of {@link #length}.
   *
   * @param position the number of windows before it, at least 0
   */
  void read(long position, int[] into);
}
