// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The terminal that a command may be run from. */
public final class Terminal {
  private static final Path STDOUT = Path.of("/proc/self/fd/1");
  private static final Path STDERR = Path.of("/proc/self/fd/2");

  private Terminal() {}

  /**
   * Returns whether stderr is a terminal, as Linux's {@code /proc} says; false without {@code
   * /proc}. {@code System.console()} would ask stdin and stdout instead, and is never null from
   * Java 22 on.
   */
  static boolean isStderr() {
    return leadsToTerminal(STDERR);
  }

  /** Returns whether stdout is a terminal; see {@link #isStderr}. */
  public static boolean isStdout() {
    return leadsToTerminal(STDOUT);
  }

  /** Returns whether colours are wanted, as {@code https://no-color.org} defines it. */
  public static boolean hasColors() {
    String none = System.getenv("NO_COLOR");
    return none == null || none.isEmpty();
  }

  private static boolean leadsToTerminal(Path descriptor) {
    try {
      return isTerminal(Files.readSymbolicLink(descriptor));
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns whether the target of a descriptor's link is a terminal. */
  static boolean isTerminal(Path device) {
    return device.startsWith("/dev/pts") || device.toString().startsWith("/dev/tty");
  }
}
