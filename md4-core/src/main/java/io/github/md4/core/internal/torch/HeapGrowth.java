// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

/** The growth of a process, and the most that is let be. */
final class HeapGrowth {
  private static final double MOST = 1.5;

  private long least = Long.MAX_VALUE;

  /**
   * Returns whether a process has grown to more than one and a half times the least that it had at
   * a call so far. If so, the next call is a first one again.
   *
   * @param resident what it has now, in any unit
   */
  boolean isTooMuch(long resident) {
    least = Math.min(least, resident);
    boolean isTooMuch = resident > MOST * least;
    if (isTooMuch) {
      least = Long.MAX_VALUE;
    }
    return isTooMuch;
  }
}
