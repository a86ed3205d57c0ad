// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The driver of NVIDIA's GPUs, as Linux tells its version.
 *
 * @param version dotted, such as 580.159.04
 */
public record NvidiaDriver(String version) {
  /** The first driver that runs what is built for CUDA 12 (NVIDIA's table of compatibility). */
  public static final String OLDEST = "525.60.13";

  private static final Path VERSION = Path.of("/proc/driver/nvidia/version");
  private static final Pattern NUMBER =
      Pattern.compile("Kernel Module(?: for \\S+)?\\s+([0-9]+(?:\\.[0-9]+)+)");

  /** Returns the driver that is loaded; empty without one. */
  public static Optional<NvidiaDriver> loaded() throws IOException {
    return Files.isReadable(VERSION) ? parse(Files.readString(VERSION)) : Optional.empty();
  }

  static Optional<NvidiaDriver> parse(String text) {
    Matcher number = NUMBER.matcher(text);
    return number.find() ? Optional.of(new NvidiaDriver(number.group(1))) : Optional.empty();
  }

  /** Returns whether it is older than what CUDA 12 needs. */
  public boolean isTooOld() {
    String[] have = version.split("\\.", -1);
    String[] need = OLDEST.split("\\.", -1);
    for (int i = 0; i < Math.min(have.length, need.length); i++) {
      int difference = Integer.parseInt(have[i]) - Integer.parseInt(need[i]);
      if (difference != 0) {
        return difference < 0;
      }
    }
    return have.length < need.length;
  }
}
