// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

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

  /**
   * Returns the first command of the comment, unless it is the training itself.
   *
   * @param typed the name by which the program was started
   */
  static Optional<String> of(Path config, String typed) throws IOException {
    return Files.readAllLines(config).stream()
        .takeWhile(line -> line.startsWith(COMMENT))
        .filter(line -> line.startsWith(COMMAND))
        .map(line -> line.substring(COMMAND.length()).strip())
        .findFirst()
        .filter(command -> !command.startsWith(PROGRAM + "train"))
        .map(command -> renamed(command, typed));
  }

  private static String renamed(String command, String typed) {
    return command.startsWith(PROGRAM)
        ? typed + " " + command.substring(PROGRAM.length())
        : command;
  }
}
