// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.help;

import io.github.md4.cli.failure.ExitCodes;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code md4 completion}: a script by which a shell completes commands and options. */
@Command(
    name = "completion",
    description = "Prints a script by which a shell completes commands, options and choices.",
    footer = {
      "%nExamples:",
      "  source <(md4 completion bash)       in ~/.bashrc",
      "  source <(md4 completion zsh)        in ~/.zshrc",
      "  md4 completion fish | source        in ~/.config/fish/config.fish"
    })
public final class CompletionCommand implements Callable<Integer> {
  private static final String PROGRAM = "md4";

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "bash|zsh|fish", description = "The shell.")
  private Shell shell;

  /** The shells. */
  enum Shell {
    BASH {
      @Override
      String script(CommandLine root) {
        return new BashCompletion(PROGRAM, root).script();
      }
    },
    ZSH {
      @Override
      String script(CommandLine root) {
        return new ZshCompletion(PROGRAM, root).script();
      }
    },
    FISH {
      @Override
      String script(CommandLine root) {
        return new FishCompletion(PROGRAM, root).script();
      }
    };

    abstract String script(CommandLine root);

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public Integer call() {
    CommandLine root = spec.root().commandLine();
    nameCommands(root.getSubcommands().get("help").getCommandSpec(), root);
    spec.commandLine().getOut().print(shell.script(root));
    return ExitCodes.DONE;
  }

  /** Gives the argument of {@code md4 help} its choices: the commands. */
  private static void nameCommands(CommandSpec help, CommandLine root) {
    for (PositionalParamSpec argument : List.copyOf(help.positionalParameters())) {
      help.remove(argument);
      help.addPositional(
          argument.toBuilder().completionCandidates(root.getSubcommands().keySet()).build());
    }
  }
}
