// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** The shells of this machine. */
final class Shells {
  private Shells() {}

  static boolean isThere(String shell) {
    return find(shell).isPresent();
  }

  /** Returns where a shell that is there is. */
  static String path(String shell) {
    return find(shell).orElseThrow().toString();
  }

  private static Optional<Path> find(String shell) {
    return Stream.of(System.getenv("PATH").split(":"))
        .map(folder -> Path.of(folder, shell))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
