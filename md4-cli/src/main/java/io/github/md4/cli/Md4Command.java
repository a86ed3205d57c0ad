// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.cli.bench.BenchCommand;
import io.github.md4.cli.configs.ConfigCommand;
import io.github.md4.cli.data.DataCommand;
import io.github.md4.cli.doctor.DoctorCommand;
import io.github.md4.cli.evaluate.CompareCommand;
import io.github.md4.cli.evaluate.EvaluateCommand;
import io.github.md4.cli.evaluate.QualityCommand;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.help.CompletionCommand;
import io.github.md4.cli.help.HelpCommand;
import io.github.md4.cli.importing.ExportCommand;
import io.github.md4.cli.importing.ImportCommand;
import io.github.md4.cli.launch.LaunchCommand;
import io.github.md4.cli.parts.MergeCommand;
import io.github.md4.cli.plan.PlanCommand;
import io.github.md4.cli.plot.PlotCommand;
import io.github.md4.cli.sample.ChatCommand;
import io.github.md4.cli.sample.InfillCommand;
import io.github.md4.cli.sample.SampleCommand;
import io.github.md4.cli.sample.SampleImagesCommand;
import io.github.md4.cli.sample.TraceCommand;
import io.github.md4.cli.schedule.ScheduleCommand;
import io.github.md4.cli.serve.ServeCommand;
import io.github.md4.cli.train.TrainCommand;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The root command. A command is a {@code Callable<Integer>} named in {@code subcommands}. It
 * prints its results to {@code spec.commandLine().getOut()}, throws its failures, and returns one
 * of {@link ExitCodes}.
 */
@Command(
    name = "md4",
    description = "Trains, samples and evaluates masked diffusion models of discrete data.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Version.class,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failure, such as a full disk or a file without permission",
      "2:an option or the config is wrong",
      "3:data, model or checkpoint is missing, damaged or does not match",
      "4:the device is absent, full or broken",
      "5:the training diverged",
      "130:stopped by a signal; md4 train writes a checkpoint first",
      "141:the reader of the output went away, as head does"
    },
    subcommands = {
      TrainCommand.class,
      ConfigCommand.class,
      DataCommand.class,
      EvaluateCommand.class,
      CompareCommand.class,
      SampleCommand.class,
      SampleImagesCommand.class,
      InfillCommand.class,
      ChatCommand.class,
      ServeCommand.class,
      ImportCommand.class,
      ExportCommand.class,
      TraceCommand.class,
      ScheduleCommand.class,
      QualityCommand.class,
      PlotCommand.class,
      BenchCommand.class,
      LaunchCommand.class,
      MergeCommand.class,
      DoctorCommand.class,
      PlanCommand.class,
      CompletionCommand.class,
      HelpCommand.class
    },
    footer = {
      "%nExamples:",
      "  md4 data text --from book.txt --vocabulary chars --out data/book",
      "  md4 config init data/book --out book.yaml",
      "  md4 train book.yaml",
      "  md4 sample runs/book --count 4"
    })
final class Md4Command implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description =
          "Print the stack trace of a failure. MD4_STACKTRACE=1 in the environment does"
              + " the same.")
  private boolean stacktrace;

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "Missing command");
  }

  boolean isStacktraceAsked() {
    return stacktrace || "1".equals(System.getenv("MD4_STACKTRACE"));
  }
}
