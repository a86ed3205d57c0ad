// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether a person watches. */
public final class Terminal {
  private static final Path STDOUT = Path.of("/proc/self/fd/1");
  private static final Path STDERR = Path.of("/proc/self/fd/2");

  private Terminal() {}

  /**
   * Returns whether stderr is a terminal, as Linux's {@code /proc} says; where there is no {@code
   * /proc}, false. {@code System.console()} would ask stdin and stdout instead, and from Java 22 on
   * is never null.
   */
  static boolean isStderr() {
    return leadsToTerminal(STDERR);
  }

  /** As {@link #isStderr}, of stdout. */
  public static boolean isStdout() {
    return leadsToTerminal(STDOUT);
  }

  /** Returns whether a terminal may be written to in colours ({@code https://no-color.org}). */
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

  /** Returns whether {@code device}, which a descriptor leads to, is a terminal. */
  static boolean isTerminal(Path device) {
    return device.startsWith("/dev/pts") || device.toString().startsWith("/dev/tty");
  }
}
