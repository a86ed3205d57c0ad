// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.schedule.TimeAxis;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code md4 evaluate}: one model, or every checkpoint of a run as it appears. */
@Command(
    name = "evaluate",
    description = "Estimates the likelihood that a model gives to data, with its standard error.",
    sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Subject subject;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "FILE.bin",
      description =
          "A file of tokens, as md4 data makes them; it is cut into chunks of the model's length.")
  private Path data;

  @Mixin private ModelOptions options;

  @Option(
      names = "--steps",
      paramLabel = "T",
      description = "Take the bound of T steps. Default: that of continuous time.")
  private TimeAxis axis = new TimeAxis.Continuous();

  @Option(
      names = "--passes",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description =
          "How often each chunk is scored, at another time with another mask; more make the error"
              + " smaller. Default: ${DEFAULT-VALUE}.")
  private int passes = 1;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "The seed of times and masks. Default: ${DEFAULT-VALUE}.")
  private long seed = 0;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "Chunks at once; of no effect on the result. Default: ${DEFAULT-VALUE}.")
  private int batchSize = 64;

  @Option(
      names = "--chunks",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "Score the first N chunks only. Default: all.")
  private int limit = Integer.MAX_VALUE;

  @Option(names = "--json", description = "Print JSON objects, one a line, not a table.")
  private boolean json;

  /** What is scored. */
  private static final class Subject {
    @Option(
        names = "--model",
        required = true,
        paramLabel = "DIR",
        description = ModelOptions.FOLDER)
    private Path model;

    @ArgGroup(exclusive = false, multiplicity = "1")
    private Watched watched;
  }

  /** A run that goes on. */
  private static final class Watched {
    @Option(
        names = "--watch",
        required = true,
        paramLabel = "RUN",
        description = "Score each checkpoint of a run as it appears, until the run is finished.")
    private Path run;

    @Option(
        names = "--every",
        paramLabel = "N",
        converter = OptionTypes.Count.class,
        description = "Score only checkpoints at multiples of N steps.")
    private int every = 1;

    @Option(
        names = "--time-limit",
        paramLabel = "2h|30m|90s",
        description = "Stop watching after this time. Default: never.")
    private Duration limit = Watch.Settings.FOREVER;

    Watch.Settings settings() {
      return new Watch.Settings(run, every, limit);
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Evaluation evaluation =
        new Evaluation(axis, new LikelihoodEstimator.Settings(seed, passes, batchSize), limit);
    try (EvaluationData opened = EvaluationData.open(data)) {
      if (subject.watched == null) {
        printOne(score(evaluation, opened, subject.model));
      } else {
        options.checkDevice(); // the first checkpoint may be hours away
        Watch.Scorer scorer = folder -> score(evaluation, opened, folder);
        PrintWriter err = spec.commandLine().getErr();
        new Watch(subject.watched.settings(), scorer, this::printCheckpoint, err).run();
      }
    }
    return ExitCodes.DONE;
  }

  private EvaluationReport score(Evaluation evaluation, EvaluationData opened, Path folder)
      throws IOException {
    try (LoadedModel model = options.open(folder)) {
      return evaluation.score(model, opened);
    }
  }

  private void printOne(EvaluationReport report) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(report.json());
    } else {
      report.table().print(out);
    }
  }

  private void printCheckpoint(long step, EvaluationReport report) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        json
            ? Json.object().put("step", step).setAll(report.json())
            : "step " + step + ": " + report.line());
    out.flush();
  }
}
