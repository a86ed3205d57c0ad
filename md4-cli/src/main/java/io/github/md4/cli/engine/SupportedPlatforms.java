// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The systems for which DJL 0.29 has libtorch 2.3.1. */
public final class SupportedPlatforms {
  private static final List<String> KNOWN = List.of("linux-amd64", "mac-aarch64", "windows-amd64");
  private static final Path MUSL = Path.of("/lib/ld-musl-x86_64.so.1");
  private static final Path GLIBC = Path.of("/lib64/ld-linux-x86-64.so.2");

  private SupportedPlatforms() {}

  /** Returns what is wrong with the system, in a line; empty where it is supported. */
  public static Optional<String> complaint() {
    return complaint(
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        Files.exists(MUSL) && !Files.exists(GLIBC));
  }

  /**
   * @param isMusl whether programs are linked with musl alone
   */
  static Optional<String> complaint(String system, String processor, boolean isMusl) {
    String platform = system.toLowerCase(Locale.ROOT).split(" ", 2)[0] + "-" + processor;
    if (!KNOWN.contains(platform)) {
      return Optional.of(
          "there is no libtorch for %s on %s: take Linux on x86_64, or macOS on"
                  .formatted(system, processor)
              + " aarch64 or Windows on x86_64, where md4 is not tested");
    }
    return isMusl
        ? Optional.of("libtorch needs glibc, this Linux has musl: take another, such as Debian")
        : Optional.empty();
  }
}
