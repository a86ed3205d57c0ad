// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.Device;
import com.sun.jna.Function;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;

/**
 * The heap of the C library, in which the arrays of a CPU live.
 *
 * <p>libtorch asks for aligned memory. glibc takes it out of a piece that is larger by the
 * alignment and keeps the rest for small requests, so the freed piece is too small for the next
 * array of the same size, and the heap grows over hundreds of steps to several times what is in use
 * (docs/lab/performance.md).
 */
public final class ProcessHeap {
  private static final NativeLong KEEP_NOTHING = new NativeLong(0);

  private ProcessHeap() {}

  /**
   * Gives the pages of free memory back to the system; does nothing for a GPU, or where the C
   * library has no function for that.
   *
   * @param device the device of the arrays
   */
  public static void release(Device device) {
    if (!device.isGpu() && Platform.isLinux()) {
      try {
        int unused =
            Function.getFunction("c", "malloc_trim").invokeInt(new Object[] {KEEP_NOTHING});
      } catch (UnsatisfiedLinkError e) {
        // a C library other than glibc
      }
    }
  }
}
