// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The terminal that a command may be run from. */
public final class Terminal {
  private static final Path STDOUT = Path.of("/proc/self/fd/1");
  private static final Path STDERR = Path.of("/proc/self/fd/2");
  private static final Path STDIN = Path.of("/proc/self/fd/0");
  private static final Pattern SIZE = Pattern.compile("^(\\d{1,5}) (\\d{1,5})");
  private static final int USUAL_ROWS = 24;
  private static final int USUAL_COLUMNS = 80;

  private Terminal() {}

  /**
   * Returns whether stderr is a terminal, as Linux's {@code /proc} says; false without {@code
   * /proc}. {@code System.console()} would ask stdin and stdout instead, and is never null from
   * Java 22 on.
   */
  public static boolean isStderr() {
    return leadsToTerminal(STDERR) && !"dumb".equals(System.getenv("TERM"));
  }

  /** Returns whether stdout leads to another process, which may end before this one. */
  static boolean isStdoutAPipe() {
    try {
      String target = Files.readSymbolicLink(STDOUT).toString();
      return target.startsWith("pipe:") || target.startsWith("socket:");
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * The size of a terminal, in characters.
   *
   * @param rows its height, at least 1
   * @param columns its width, at least 1
   */
  public record Size(int rows, int columns) {
    /** Reads what stty says, rows and columns; a terminal that knows none says 0. */
    static Size of(String size) {
      Matcher numbers = SIZE.matcher(size);
      boolean isKnown = numbers.find();
      int rows = isKnown ? Integer.parseInt(numbers.group(1)) : 0;
      int columns = isKnown ? Integer.parseInt(numbers.group(2)) : 0;
      return new Size(rows > 0 ? rows : USUAL_ROWS, columns > 0 ? columns : USUAL_COLUMNS);
    }
  }

  /** Returns the columns of stderr's terminal, as stty tells them; the usual number without it. */
  public static int columns() {
    return size(STDERR).columns();
  }

  /** Returns the size of stdout's terminal, as stty tells it; the usual one without it. */
  public static Size size() {
    return size(STDOUT);
  }

  private static Size size(Path descriptor) {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(descriptor.toRealPath().toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (InputStream size = stty.getInputStream()) {
        return Size.of(new String(size.readAllBytes(), StandardCharsets.US_ASCII));
      }
    } catch (IOException e) {
      return Size.of("");
    }
  }

  /** Returns whether stdout is a terminal; see {@link #isStderr}. */
  public static boolean isStdout() {
    return leadsToTerminal(STDOUT);
  }

  /** Returns whether stdin and stdout are a terminal in which the cursor can be moved. */
  public static boolean isDialogue() {
    return isStdin() && isStdout() && !"dumb".equals(System.getenv("TERM"));
  }

  /** Returns whether stdin is a terminal; see {@link #isStderr}. */
  static boolean isStdin() {
    return leadsToTerminal(STDIN);
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
