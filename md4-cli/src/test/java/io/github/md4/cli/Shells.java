// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The shells of this machine. */
final class Shells {
  private Shells() {}

  static boolean isThere(String shell) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, shell)));
  }
}
