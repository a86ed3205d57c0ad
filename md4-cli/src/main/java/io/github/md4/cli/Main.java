// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.cli.engine.SupportedPlatforms;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.help.HelpLayout;
import io.github.md4.cli.launch.LauncherWatch;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.screen.ClosedOutputException;
import io.github.md4.cli.screen.JdkLog;
import io.github.md4.cli.screen.Screen;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program {@code md4}. */
public final class Main {
  private Main() {}

  /** Runs {@link #execute} on the process's streams, in UTF-8, and exits with its code. */
  public static void main(String[] args) {
    // DJL then sends no usage reports, and TorchScript keeps its own autodiff, which fails where
    // dtypes mix, out of training.
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.pytorch.graph_optimizer", "false");
    System.setProperty("java.awt.headless", "true"); // plots need no screen
    JdkLog.asLines();
    StopSignals.endTheProcess();
    LauncherWatch.begin();
    Screen screen = Screen.take();
    Optional<String> complaint = SupportedPlatforms.complaint();
    if (complaint.isPresent() && !List.of(args).contains("doctor")) {
      screen.err().println("md4: " + complaint.get());
      System.exit(ExitCodes.DEVICE);
    }
    System.exit(execute(screen.out(), screen.err(), Arguments.decoded(args)));
  }

  /** Runs the command that {@code args} name and returns the exit code; see {@link ExitCodes}. */
  public static int execute(PrintWriter out, PrintWriter err, String... args) {
    return execute(new CommandLine(new Md4Command()), out, err, args);
  }

  static int execute(CommandLine root, PrintWriter out, PrintWriter err, String... args) {
    Failures failures = new Failures(root);
    HelpLayout.install(root);
    OptionTypes.register(root);
    root.setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setPosixClusteredShortOptionsAllowed(false) // else -help is -h and -elp
        .setParameterExceptionHandler(failures)
        .setExecutionExceptionHandler(failures)
        .setExecutionStrategy(
            parsed -> {
              checkMatched(parsed);
              OutputOptions.check(parsed);
              return executed(parsed);
            });
    int code = failures.guard(() -> root.execute(args));
    err.flush();
    return failures.guard(() -> checked(out, err, code));
  }

  /**
   * Executes the last command. What fails while picocli itself prints a help or the version is
   * handled as a failure of a command.
   */
  private static int executed(ParseResult parsed) {
    try {
      return new CommandLine.RunLast().execute(parsed);
    } catch (ClosedOutputException e) {
      throw new ExecutionException(parsed.commandSpec().commandLine(), e.getMessage(), e);
    }
  }

  /** Returns the code, unless it says that all is done where something could not be printed. */
  private static int checked(PrintWriter out, PrintWriter err, int code) {
    if (out.checkError() && code == ExitCodes.DONE) {
      err.println("md4: standard output cannot be written: it is closed, or its disk is full");
      return ExitCodes.FAILURE;
    }
    return code;
  }

  /**
   * picocli shows the help where {@code --help} stands beside what it does not know, and takes an
   * option that it does not know for one more file of an option before it that takes several.
   */
  private static void checkMatched(ParseResult parsed) {
    for (ParseResult level = parsed; level != null; level = level.subcommand()) {
      List<String> unknown = new ArrayList<>(level.unmatched());
      for (OptionSpec option : level.matchedOptions()) {
        if (option.arity().isVariable()) {
          option.originalStringValues().stream().filter(Main::isOption).forEach(unknown::add);
        }
      }
      if (!unknown.isEmpty()) {
        throw new UnmatchedArgumentException(level.commandSpec().commandLine(), unknown);
      }
    }
  }

  private static boolean isOption(String text) {
    return text.length() > 1 && text.startsWith("-");
  }
}
