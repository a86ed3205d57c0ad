// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether a person watches. */
final class Terminal {
  private static final Path STDERR = Path.of("/proc/self/fd/2");

  private Terminal() {}

  /**
   * Returns whether stderr is a terminal, as Linux's {@code /proc} says; where there is no {@code
   * /proc}, false. {@code System.console()} would ask stdin and stdout instead, and from Java 22 on
   * is never null.
   */
  static boolean isStderr() {
    try {
      return isTerminal(Files.readSymbolicLink(STDERR));
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns whether {@code device}, which a descriptor leads to, is a terminal. */
  static boolean isTerminal(Path device) {
    return device.startsWith("/dev/pts") || device.toString().startsWith("/dev/tty");
  }
}
