// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

import io.github.md4.cli.support.TypedName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The command that makes a config's data, as the comment at the head of its file shows it. */
final class DataRecipe {
  private static final String COMMENT = "#";
  private static final String COMMAND = "#   ";
  private static final String PROGRAM = "md4 ";

  private DataRecipe() {}

  /** Returns the first command of the comment, unless it is the training itself. */
  static Optional<String> of(Path config) throws IOException {
    return Files.readAllLines(config).stream()
        .takeWhile(line -> line.startsWith(COMMENT))
        .filter(line -> line.startsWith(COMMAND))
        .map(line -> line.substring(COMMAND.length()).strip())
        .findFirst()
        .filter(command -> !command.startsWith(PROGRAM + "train"))
        .map(DataRecipe::typed);
  }

  private static String typed(String command) {
    return command.startsWith(PROGRAM)
        ? TypedName.get() + " " + command.substring(PROGRAM.length())
        : command;
  }
}
