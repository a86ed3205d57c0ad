// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

/** Says when a process has grown too much. */
final class HeapGrowth {
  private static final double MOST = 1.5;
  private static final long UNKNOWN = -1;

  private long settled = UNKNOWN;

  /**
   * Returns whether a process has grown to more than one and a half times what it had at the first
   * call. If so, the next call is a first one again.
   *
   * @param resident what it has now, in any unit
   */
  boolean isTooMuch(long resident) {
    if (settled == UNKNOWN) {
      settled = resident;
    }
    boolean isTooMuch = resident > MOST * settled;
    if (isTooMuch) {
      settled = UNKNOWN;
    }
    return isTooMuch;
  }
}
