// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The memory of the machine and of this process, as Linux tells it. */
public final class SystemMemory {
  private static final Path MACHINE = Path.of("/proc/meminfo");
  private static final Path PROCESS = Path.of("/proc/self/status");
  private static final Path CLEARED = Path.of("/proc/self/clear_refs");

  /** Linux's word for: the most resident bytes are those of now. */
  private static final String RESET_PEAK = "5";

  private static final Path LIMIT = Path.of("/sys/fs/cgroup/memory.max");
  private static final Path IN_USE = Path.of("/sys/fs/cgroup/memory.current");
  private static final Path STATISTICS = Path.of("/sys/fs/cgroup/memory.stat");
  private static final long KIB = 1024;

  private SystemMemory() {}

  /**
   * Returns the bytes that processes may still take, within the limit of a container; empty where
   * unknown.
   */
  public static OptionalLong available() throws IOException {
    OptionalLong machine = kibibytes(MACHINE, "MemAvailable");
    OptionalLong limit = number(LIMIT);
    OptionalLong used = number(IN_USE);
    if (limit.isEmpty() || used.isEmpty()) {
      return machine;
    }
    long reclaimable = value(STATISTICS, "inactive_file (\\d+)").orElse(0);
    long left = Math.max(0, limit.getAsLong() - used.getAsLong() + reclaimable);
    return OptionalLong.of(Math.min(machine.orElse(Long.MAX_VALUE), left));
  }

  /** Returns the resident bytes of this process now; empty where unknown. */
  public static OptionalLong resident() throws IOException {
    return kibibytes(PROCESS, "VmRSS");
  }

  /** Returns the most resident bytes that this process has had; empty where unknown. */
  public static OptionalLong peak() throws IOException {
    return kibibytes(PROCESS, "VmHWM");
  }

  /** Lets {@link #peak} begin anew; without effect where the system cannot. */
  public static void resetPeak() {
    try {
      Files.writeString(CLEARED, RESET_PEAK);
    } catch (IOException e) {
      // the peak stays what it was, which is no less
    }
  }

  private static OptionalLong kibibytes(Path file, String key) throws IOException {
    OptionalLong value = value(file, key + ":\\s+(\\d+) kB");
    return value.isPresent() ? OptionalLong.of(KIB * value.getAsLong()) : value;
  }

  private static OptionalLong number(Path file) throws IOException {
    return value(file, "^(\\d+)\\s*$");
  }

  private static OptionalLong value(Path file, String pattern) throws IOException {
    if (!Files.isReadable(file)) {
      return OptionalLong.empty();
    }
    Matcher found = Pattern.compile(pattern, Pattern.MULTILINE).matcher(Files.readString(file));
    return found.find() ? OptionalLong.of(Long.parseLong(found.group(1))) : OptionalLong.empty();
  }
}
