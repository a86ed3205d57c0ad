// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A file that is damaged, and what reads it. */
record FuzzedFile(Path file, Reading reading) {

  /** The reading of the file; refuses by InvalidDataException or InvalidConfigException. */
  interface Reading {
    void read(Path file) throws IOException;
  }

  /** A file that a command reads. */
  static FuzzedFile ofCommand(Path file, Object... words) {
    return new FuzzedFile(file, unused -> run(file, words));
  }

  /** As {@link #ofCommand}, of a command that writes a file or folder, which is deleted again. */
  static FuzzedFile ofCommandThatWrites(Path written, Path file, Object... words) {
    return new FuzzedFile(
        file,
        unused -> {
          try {
            run(file, words);
          } finally {
            delete(written);
          }
        });
  }

  /** Runs a command, which must succeed, or refuse the file as users are told. */
  static void run(Path file, Object... words) {
    Ran ran = Ran.md4(words);
    if (ran.code() != ExitCodes.DONE) {
      String last = ran.err().lines().reduce((first, second) -> second).orElse("");
      assertThat(ran.code()).as(last).isIn(ExitCodes.USAGE, ExitCodes.DATA);
      assertThat(last).startsWith("md4: ").doesNotContain("--stacktrace");
      assertThat(ran.err()).doesNotContain("Exception", "\tat ");
      throw new InvalidDataException(file, last);
    }
  }

  private static void delete(Path tree) throws IOException {
    if (Files.exists(tree)) {
      try (Stream<Path> all = Files.walk(tree)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }
}
