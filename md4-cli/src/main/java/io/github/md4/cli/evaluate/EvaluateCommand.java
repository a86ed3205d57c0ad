// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.parts.Parts;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.Division;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.train.data.zeroshot.Protocol;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The command {@code md4 evaluate}: of one model, or of every checkpoint of a run as it appears.
 */
@Command(
    name = "evaluate",
    description = "Estimates the likelihood that a model gives to data, with its standard error.",
    subcommands = {
      EvaluateOrderCommand.class,
      EvaluateAnswersCommand.class,
      EvaluateFidCommand.class,
      EvaluateGenerativeCommand.class
    },
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 evaluate runs/quickstart data/quickstart/test.bin",
      "  md4 evaluate runs/quickstart data/quickstart/test.bin --steps 100,inf --json",
      "  md4 evaluate --watch runs/big --data data/big/valid.bin --every 1000"
    })
public final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "RUN",
      description = "The same as --model RUN.")
  private Path run;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "FILE.bin",
      description = "The same as --data FILE.bin.")
  private Path dataArgument;

  @ArgGroup(multiplicity = "0..1")
  private Target target;

  @Option(
      names = "--data",
      paramLabel = "FILE.bin",
      description =
          "A file of tokens made by md4 data. It is cut into chunks of the model's length.")
  private Path data;

  @Option(
      names = "--suite",
      paramLabel = "zero-shot",
      description =
          "Score the sets of the paper's zero-shot table instead of one file: LAMBADA,"
              + " WikiText2, PTB, WikiText103 and 1BW, those of them that --data-dir has.")
  private String suite;

  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description =
          "The folder of the folders lambada, wikitext2, ptb, wikitext103 and lm1b. They"
              + " hold the files as published, with train, valid, test or heldout in their"
              + " names.")
  private Path dataFolder;

  @Option(
      names = "--protocol",
      paramLabel = "md4|sedd|mdlm|documents",
      description =
          "The rule by which the rows of a suite become sequences. The report prints it"
              + " in full. Default: md4.")
  private Protocol protocol = Protocol.MD4;

  @Option(
      names = "--stride",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "Score a suite in windows that begin N tokens apart. A window's tokens that are in the"
              + " one before are given and not scored. Only for models from left to right, such"
              + " as GPT-2. Default: the model's length, so that no windows overlap, as SEDD"
              + " has it.")
  private int stride;

  @Mixin private ModelOptions options;

  @Mixin private Parts parts;

  @Option(
      names = "--steps",
      paramLabel = "T",
      split = ",",
      description =
          "Estimate the bound of T steps; inf is continuous time. Several, with commas,"
              + " are compared pair by pair. Default: inf.")
  private List<TimeAxis> axes = List.of(new TimeAxis.Continuous());

  @Option(
      names = "--time-floor",
      paramLabel = "reference|exact",
      description =
          "The integral over times of a learned schedule. The reference takes the mean"
              + " over the times above the floor for it; exact takes the integral. Default:"
              + " ${DEFAULT-VALUE}.")
  private TimeFloor floor = TimeFloor.REFERENCE;

  @Option(
      names = "--any-order",
      description =
          "Estimate also the bound of guessing in any order. It must agree with"
              + " continuous time.")
  private boolean anyOrder;

  @Option(
      names = "--compare",
      paramLabel = "DIR",
      description = "Score another model under the same masks and print the difference.")
  private Path other;

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Write the results to this file too, one line for each data set and estimator.")
  private Path csv;

  @Option(
      names = "--losses",
      paramLabel = "FILE.csv",
      description = "Write the loss of each chunk to this file, for md4 compare.")
  private Path losses;

  @Option(
      names = "--passes",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The number of passes. Each scores every chunk at another time with another"
              + " mask; more make the error smaller. Default: ${DEFAULT-VALUE}.")
  private int passes = 1;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "The seed of times and masks. Default: ${DEFAULT-VALUE}.")
  private long seed = 0;

  @Mixin private ChunkOptions chunkOptions;

  @Option(names = "--json", description = "Print JSON objects, one a line, not a table.")
  private boolean json;

  /** The model or the run that is scored. */
  private static final class Target {
    @Option(
        names = "--model",
        required = true,
        paramLabel = "DIR",
        description = ModelOptions.FOLDER)
    private Path model;

    @ArgGroup(exclusive = false, multiplicity = "1")
    private Watch watch;
  }

  /** The options for a run that continues. */
  private static final class Watch {
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
    private Duration limit = CheckpointWatch.FOREVER;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    checkOptions();
    parts.check(spec, "--watch");
    if (other != null) {
      Comparison.check(options.description(model()), options.description(other), other);
    }
    if (suite != null) {
      return parts.run(
          spec,
          options.device(),
          this::models,
          (division, out) -> evaluateSuite(task(division), out));
    }
    try (EvaluationData opened = EvaluationData.open(data())) {
      if (watch() == null) {
        return parts.run(
            spec,
            options.device(),
            () -> models() + " " + opened.sha256(),
            (division, out) -> evaluateModel(task(division), opened, out));
      }
      EvaluationTask evaluation = task(Division.whole());
      options.checkDevice(); // the first checkpoint may be hours away
      CheckpointWatch.Evaluator evaluator = folder -> evaluate(evaluation, opened, folder);
      PrintWriter err = spec.commandLine().getErr();
      new CheckpointWatch(
              new RunFolder(target.watch.run),
              target.watch.every,
              evaluator,
              this::printCheckpoint,
              err)
          .run(target.watch.limit);
    }
    return ExitCodes.DONE;
  }

  /** Returns the files of weights that are scored. */
  private String models() throws IOException {
    String first = options.source(model()).toString();
    return other == null ? first : first + " " + options.source(other);
  }

  private Path model() {
    return ModelOptions.checked(target == null ? run : target.model);
  }

  private Watch watch() {
    return target == null ? null : target.watch;
  }

  private Path data() {
    return data == null ? dataArgument : data;
  }

  /** Checks what is required here. picocli would require it of the subcommands as well. */
  private void checkOptions() {
    Usage.require(
        spec,
        target != null || run != null,
        "Missing required argument: (RUN | --model=DIR | --watch=RUN)");
    Usage.require(
        spec,
        target == null || run == null,
        "%s names the model, as --model and --watch do; take --data for a file".formatted(run));
    Usage.require(
        spec,
        suite != null || data() != null,
        "Missing required option: '--data=FILE.bin', or FILE.bin alone after RUN");
    Usage.require(
        spec, data == null || dataArgument == null, "the data is named twice: " + dataArgument);
    Usage.require(
        spec, suite == null || data() == null, "--data and --suite are mutually exclusive");
    Usage.require(
        spec, suite == null || suite.equals("zero-shot"), "suite must be zero-shot: " + suite);
    Usage.require(spec, suite == null || dataFolder != null, "--suite needs --data-dir=DIR");
    Usage.require(spec, suite != null || stride == 0, "--stride needs --suite");
    boolean isOneModel = watch() == null;
    Usage.require(spec, suite == null || isOneModel, "--suite scores a --model, not a --watch");
    Usage.require(
        spec, losses == null || (isOneModel && suite == null), "--losses needs --model and --data");
    Usage.require(spec, other == null || isOneModel, "--compare needs --model, not --watch");
  }

  private List<EstimatorOption> asked() {
    List<EstimatorOption> asked = new ArrayList<>();
    axes.forEach(axis -> asked.add(new EstimatorOption.OnAxis(axis, floor)));
    if (anyOrder) {
      asked.add(new EstimatorOption.InAnyOrder());
    }
    return asked;
  }

  private EvaluationTask task(Division division) {
    return new EvaluationTask(
        asked(),
        new LikelihoodEstimator.Settings(seed, passes, chunkOptions.batchSize),
        chunkOptions.limit,
        division,
        new OptionsWithoutEffect(spec.commandLine().getErr()));
  }

  private Parts.Report evaluateSuite(EvaluationTask evaluation, PrintWriter out)
      throws IOException {
    SuiteReport first = suiteReport(evaluation, model());
    SuiteReport report = other == null ? first : first.comparedWith(suiteReport(evaluation, other));
    return () -> {
      if (json) {
        report.printJson(out);
      } else {
        report.print(out);
      }
      LossCsv lines = new LossCsv();
      report.addTo(lines);
      writeCsv(lines);
      return report.report(spec.commandLine().getErr());
    };
  }

  private SuiteReport suiteReport(EvaluationTask evaluation, Path folder) throws IOException {
    try (LoadedModel model = options.open(folder)) {
      return new Suite(dataFolder, protocol, stride).evaluate(model, evaluation);
    }
  }

  private Parts.Report evaluateModel(
      EvaluationTask evaluation, EvaluationData opened, PrintWriter out) throws IOException {
    EvaluationReport report = evaluate(evaluation, opened, model());
    Optional<EvaluationReport> second =
        other == null ? Optional.empty() : Optional.of(evaluate(evaluation, opened, other));
    return () -> report(report, second, out);
  }

  private int report(EvaluationReport report, Optional<EvaluationReport> second, PrintWriter out)
      throws IOException {
    Table table = report.table();
    ObjectNode object = report.json();
    LossCsv lines = new LossCsv();
    report.addTo(lines);
    if (second.isPresent()) {
      LoadedModel.Origin origin = second.get().inputs().model();
      Comparison comparison = new Comparison(report.bounds(), second.get().bounds(), origin);
      comparison.addTo(table, "");
      Comparison.addModel(table, origin);
      comparison.addTo(object);
      second.get().addTo(lines);
    }
    writeCsv(lines); // before a reader of the report may go away
    if (losses != null) {
      LossFile.of(report).write(losses);
    }
    if (json) {
      out.println(object);
    } else {
      table.print(out);
    }
    return report.contradictions().report(spec.commandLine().getErr());
  }

  private void writeCsv(LossCsv lines) throws IOException {
    if (csv != null) {
      lines.write(csv);
    }
  }

  private EvaluationReport evaluate(EvaluationTask evaluation, EvaluationData opened, Path folder)
      throws IOException {
    try (LoadedModel model = options.open(folder)) {
      return evaluation.evaluate(model, opened);
    }
  }

  private void printCheckpoint(long step, EvaluationReport report) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        json
            ? Json.report().put("step", step).setAll(report.json())
            : "step %,d: %s".formatted(step, report.line()));
    out.flush();
  }
}
