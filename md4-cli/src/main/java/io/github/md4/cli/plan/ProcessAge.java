// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The age of this process. Java's own clock begins when Java is up; Linux's begins with the
 * process, which is that of {@code bin/md4} too, since it becomes Java.
 */
final class ProcessAge {
  private static final Path UPTIME = Path.of("/proc/uptime");
  private static final Path STATE = Path.of("/proc/self/stat");

  /** The ticks of a second in which Linux tells times, whatever its own clock. */
  private static final double TICKS = 100;

  /** Java takes no longer to come up, so that a larger difference is of two clocks. */
  private static final double MOST_BEFORE_JAVA = 30;

  private ProcessAge() {}

  /** {@return the seconds since this process began} */
  static double seconds() {
    double java =
        (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) * 1e-3;
    try {
      double process = seconds(Files.readString(UPTIME), Files.readString(STATE));
      return process >= java && process <= java + MOST_BEFORE_JAVA ? process : java;
    } catch (IOException | RuntimeException e) {
      return java; // no Linux, or one that tells less
    }
  }

  /**
   * Returns the age by what Linux says.
   *
   * @param uptime of the system: the seconds since it began, and more
   * @param state of the process: its name in brackets, behind which the twentieth word is the tick
   *     at which it began (proc(5), {@code starttime})
   */
  static double seconds(String uptime, String state) {
    String[] words = state.substring(state.lastIndexOf(')') + 1).strip().split(" ", 21);
    double now = Double.parseDouble(uptime.substring(0, uptime.indexOf(' ')));
    return now - Long.parseLong(words[19]) / TICKS;
  }
}
