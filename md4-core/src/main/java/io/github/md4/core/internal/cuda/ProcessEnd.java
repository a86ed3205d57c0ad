// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.NativeLibrary;

/**
 * The end of this process whatever its GPU does. Java's own way out runs the CUDA driver's last
 * steps, which wait for kernels that wait for other processes.
 */
public final class ProcessEnd {
  private ProcessEnd() {}

  /** Ends the process at once. */
  public static void now(int code) {
    try {
      Object unused =
          NativeLibrary.getProcess().getFunction("_exit").invokeInt(new Object[] {code});
    } catch (LinkageError e) {
      Runtime.getRuntime().halt(code);
    }
  }
}
