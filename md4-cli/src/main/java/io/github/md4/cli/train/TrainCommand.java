// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.cli.config.ConfigWriter;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.experiment.ExperimentOptions;
import io.github.md4.cli.experiment.RunConfig;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.option.TrainingThreadsOption;
import io.github.md4.cli.parts.Processes;
import io.github.md4.cli.report.TypedName;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.Cadence;
import io.github.md4.train.TrainingPlan;
import io.github.md4.train.TrainingRun;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.evaluation.Evaluator;
import io.github.md4.train.evaluation.RunRecorder;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Stack;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 train}. */
@Command(
    name = "train",
    description = "Trains a model as a config file describes it. See configs/ for examples.",
    footer = {
      "%nThe config names the folder of the run. Ctrl-C, SIGTERM or SIGHUP ends a run"
          + " after the step, with a checkpoint; --resume continues from it.",
      "%nExamples:",
      "  md4 data quickstart --out data/quickstart",
      "  md4 train configs/quickstart.yaml",
      "  md4 train my.yaml --resume-or-start",
      "  md4 train my.yaml --set training.steps=1000 --dry-run"
    },
    exitCodeList = {
      "0:done",
      "1:failure, such as a full disk or a file without permission",
      "2:an option or the config is wrong",
      "3:data, model or checkpoint is missing, damaged or does not match",
      "4:the device is absent, full or broken",
      "5:the training diverged",
      "130:stopped by a signal, after a checkpoint",
      "141:the reader of the output went away, as head does"
    },
    sortOptions = false)
public final class TrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ExperimentOptions experimentOptions;

  @ArgGroup private Mode mode = new Mode();

  /** The treatment of the run; without an option, a new run begins. */
  private static final class Mode {
    @Option(
        names = "--resume",
        arity = "0..1",
        fallbackValue = "last",
        paramLabel = "last|last-good",
        converter = ResumeFromType.class,
        preprocessor = ResumeFromWord.class,
        description =
            "Continue from the run's last checkpoint; with =last-good from the last that is whole,"
                + " and rename the damaged ones after it.")
    private ResumeFrom resume;

    /** The type of --resume. */
    private static final class ResumeFromType implements ITypeConverter<ResumeFrom> {
      @Override
      public ResumeFrom convert(String text) throws Exception {
        return OptionTypes.parsed(ResumeFrom::parse).convert(text);
      }
    }

    /** Leaves the word behind a blank to FILE.yaml, unless it says from where to resume. */
    private static final class ResumeFromWord implements IParameterPreprocessor {
      @Override
      public boolean preprocess(
          Stack<String> words, CommandSpec spec, ArgSpec option, Map<String, Object> found) {
        boolean isAttached = !" ".equals(found.get("separator"));
        if (!isAttached && (words.isEmpty() || !words.peek().matches("last|last-good"))) {
          words.push("last");
        }
        return false;
      }
    }

    @Option(
        names = "--resume-or-start",
        description =
            "Continue from the run's last checkpoint if there is one; otherwise begin a new"
                + " run.")
    private boolean resumeOrStart;

    @Option(
        names = "--dry-run",
        description =
            "Print all parameters and the loss of one step, or refuse what the run would refuse."
                + " Read all data, to compare them with their SHA-256; leave no file.")
    private boolean dryRun;

    @Option(
        names = "--replay",
        paramLabel = "STEP",
        converter = OptionTypes.Count.class,
        description =
            "Repeat the training from the nearest checkpoint to that step; print its loss"
                + " and gradient norms. Write no file.")
    private Integer replay;

    private ResumeFrom from() {
      return resume == null ? ResumeFrom.LAST : resume;
    }

    private boolean isResumed(RunFolder folder) throws IOException {
      return resume != null
          || (resumeOrStart && Checkpoints.latest(folder.checkpoints()).isPresent());
    }
  }

  @Option(names = "--device", paramLabel = ModelOptions.DEVICES, description = ModelOptions.DEVICE)
  private DeviceChoice device = new DeviceChoice.Fastest();

  @Mixin private TrainingThreadsOption threads;

  @Override
  public Integer call() throws IOException {
    Experiment experiment = experiment();
    checkReplay(experiment.training().steps());
    List<Path> evaluated = mode.replay == null ? experiment.data().evaluate() : List.of();
    experimentOptions.checkDataIsMade(experiment.data().train(), evaluated, TypedName.get());
    Processes processes =
        Processes.ofEnvironment(spec.commandLine().getOut(), spec.commandLine().getErr());
    PrintWriter err = processes.firstErr();
    try (TokenFile tokens = TokenFile.open(experiment.data().train());
        NDManager manager =
            NDManager.newBaseManager(TrainingDevice.find(experiment.training(), device, err))) {
      threads.apply();
      TrainingPlan plan = plan(experiment, tokens);
      return processes.together(
          manager.getDevice(),
          ConfigWriter.write(experiment),
          plan.dataSha256(),
          experiment.parallel(),
          communicator ->
              run(experiment, plan.with(communicator), tokens, manager, processes.firstOut()));
    }
  }

  private void checkReplay(long steps) {
    boolean isStep = mode.replay == null || mode.replay <= steps;
    Usage.require(
        spec,
        isStep,
        "--replay must be at most training.steps, %,d: %,d".formatted(steps, mode.replay));
  }

  /** Returns the experiment; one that goes on with a run takes from it what it does not say. */
  private Experiment experiment() throws IOException {
    Experiment given = experimentOptions.loadToTrain(TypedName.get());
    RunFolder folder = new RunFolder(given.run());
    return mode.replay != null || mode.isResumed(folder)
        ? experimentOptions.loadFor(folder)
        : given;
  }

  private int run(
      Experiment experiment,
      TrainingPlan plan,
      TokenFile tokens,
      NDManager manager,
      PrintWriter out)
      throws IOException {
    RunFolder folder = new RunFolder(experiment.run());
    checkFits(folder, plan, manager);
    if (mode.dryRun) {
      try (TrainingRun run = TrainingRun.trial(folder, plan, TrainingData.of(tokens), manager);
          Evaluator evaluator = evaluator(experiment, plan, manager)) {
        RunRecorder.check(folder, run.updates(), evaluator);
        run.awaitDataCheck();
        evaluator.awaitDataCheck();
        return DryRun.print(run, plan, out);
      }
    }
    if (mode.replay != null) {
      try (TrainingRun run =
          TrainingRun.before(mode.replay, folder, plan, TrainingData.of(tokens), manager)) {
        return ReplayReport.print(run, mode.replay, out);
      }
    }
    return train(experiment, plan, tokens, manager);
  }

  /** Checks that memory and disk may take the training, before it takes them. */
  private void checkFits(RunFolder folder, TrainingPlan plan, NDManager manager)
      throws IOException {
    MemoryCheck.check(plan, manager.getDevice());
    boolean isWritten = mode.replay == null && plan.communicator().share().rank() == 0;
    if (isWritten && !mode.isResumed(folder)) {
      RoomCheck.check(folder.path(), plan, manager);
    }
  }

  private int train(Experiment experiment, TrainingPlan plan, TokenFile tokens, NDManager manager)
      throws IOException {
    RunFolder folder = new RunFolder(experiment.run());
    RunConfig runConfig = new RunConfig(folder, experiment);
    PrintWriter err = spec.commandLine().getErr();
    boolean isResumed = mode.isResumed(folder);
    List<String> changes = isResumed ? runConfig.changes() : List.of();
    try (TrainingRun run =
            isResumed
                ? mode.from().open(folder, plan, tokens, manager)
                : TrainingRun.start(folder, plan, tokens, manager);
        Evaluator evaluator = evaluator(experiment, plan, manager);
        TrainingSamples samples =
            new TrainingSamples(manager, plan.model(), experiment.sampling(), folder.samples())) {
      if (plan.communicator().share().rank() > 0) {
        return follow(run, new FollowingListener(evaluator, samples));
      }
      changes.forEach(line -> err.println("md4: resuming; the run had " + line));
      run.notes().forEach(note -> err.println("md4: " + note));
      RunMessages messages = new RunMessages(experiment, words(), err);
      messages.begin(run, manager.getDevice(), plan.communicator());
      TrainingRun.Outcome outcome = lead(run, runConfig, evaluator, samples);
      if (outcome == TrainingRun.Outcome.INTERRUPTED) {
        messages.interrupted(run);
        return ExitCodes.INTERRUPTED;
      }
      messages.finished(run);
      return ExitCodes.DONE;
    }
  }

  private static Evaluator evaluator(Experiment experiment, TrainingPlan plan, NDManager manager)
      throws IOException {
    return Evaluator.open(
        experiment.data().evaluate(), experiment.evaluation(), plan.model(), manager);
  }

  /** Trains as one of the processes that write and print nothing. */
  private static int follow(TrainingRun run, FollowingListener listener) throws IOException {
    try (Interrupts interrupts = Interrupts.listen(new PrintWriter(Writer.nullWriter()))) {
      return run.run(listener, interrupts::requested) == TrainingRun.Outcome.FINISHED
          ? ExitCodes.DONE
          : ExitCodes.INTERRUPTED;
    }
  }

  /** Trains as the process that writes the run and prints. */
  private TrainingRun.Outcome lead(
      TrainingRun run, RunConfig config, Evaluator evaluator, TrainingSamples samples)
      throws IOException {
    Experiment experiment = config.experiment();
    int length = experiment.model().length();
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    try (Interrupts interrupts = Interrupts.listen(err);
        RunRecorder recorder = RunRecorder.open(config.folder(), run.updates(), evaluator)) {
      config.write(); // after all that can refuse the run
      try (TrainingLog log = new TrainingLog(experiment.training(), length, run.updates(), err)) {
        return run.run(new RunListener(recorder, samples, log, out), interrupts::requested);
      }
    }
  }

  /** Returns the words behind md4 that started this command. */
  private List<String> words() {
    return spec.root().commandLine().getParseResult().originalArgs();
  }

  private static TrainingPlan plan(Experiment experiment, TokenFile tokens) {
    TokenFileInfo info =
        tokens
            .info()
            .orElseThrow(
                () ->
                    new InvalidDataException(
                        tokens.path(),
                        "has no JSON file beside it that describes its vocabulary;"
                            + " make both with md4 data"));
    Experiment.CheckpointConfig checkpoints = experiment.checkpoints();
    return new TrainingPlan(
        experiment.training(),
        new Cadence(
            experiment.evaluation().every(),
            checkpoints.every(),
            checkpoints.keepLast(),
            checkpoints.keepEvery()),
        new SavedModel.Description(experiment.model(), info.tokenizer()),
        info.sha256());
  }
}
