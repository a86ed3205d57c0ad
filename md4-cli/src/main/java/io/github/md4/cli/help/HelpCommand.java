// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.help;

import io.github.md4.cli.failure.ExitCodes;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code md4 help}: the help of a command at any depth, as its {@code --help} prints it. */
@Command(
    name = "help",
    description = "Prints the help of a command.",
    helpCommand = true,
    footer = {"%nExamples:", "  md4 help evaluate fid"})
public final class HelpCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "COMMAND",
      description = "The command, such as: evaluate fid. Default: md4 itself.")
  private List<String> names = List.of();

  @Override
  public Integer call() {
    CommandLine command = spec.parent().commandLine();
    for (String name : names) {
      CommandLine found = command.getSubcommands().get(name);
      if (found == null) {
        throw new UnmatchedArgumentException(command, List.of(name));
      }
      command = found;
    }
    command.usage(spec.commandLine().getOut());
    return ExitCodes.DONE;
  }
}
