// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.experiment.ExperimentOptions;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.option.TrainingThreadsOption;
import io.github.md4.cli.option.VocabularyOption;
import io.github.md4.cli.train.TrainingDevice;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 plan}. */
@Command(
    name = "plan",
    description =
        "Tells what a training takes before it begins: parameters, operations, memory by part, and"
            + " the time of the whole run, from a trial of some seconds on random tokens. Reads no"
            + " tokens and leaves no file.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 plan configs/quickstart.yaml",
      "  md4 plan my.yaml --seconds 5 --set training.batchSize=64"
    })
public final class PlanCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ExperimentOptions experimentOptions;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The time of the trial of steps; a shorter one is less exact. Default:"
              + " ${DEFAULT-VALUE}.")
  private int seconds = 20;

  @Mixin private VocabularyOption vocabulary;

  @Option(names = "--json", description = "Print a JSON object, not a table.")
  private boolean json;

  @Option(names = "--device", paramLabel = ModelOptions.DEVICES, description = ModelOptions.DEVICE)
  private DeviceChoice device = new DeviceChoice.Fastest();

  @Mixin private TrainingThreadsOption threads;

  @Option(
      names = Rehearsal.OPTION,
      hidden = true,
      split = ",",
      arity = "1",
      description = "Examples and seconds: the trial of a plan, in a process of its own.")
  private int[] rehearsed;

  @Override
  public Integer call() throws IOException {
    Usage.require(
        spec,
        rehearsed == null || (rehearsed.length == 2 && rehearsed[0] >= 1 && rehearsed[1] >= 0),
        "'%s' must be a number of examples, at least 1, and seconds".formatted(Rehearsal.OPTION));
    Experiment experiment = experimentOptions.load();
    Device found = TrainingDevice.find(experiment.training(), device, spec.commandLine().getErr());
    try (NDManager manager = NDManager.newBaseManager(found)) {
      threads.apply();
      Planner planner =
          new Planner(manager, experiment, vocabulary.size(experiment), new Rehearsal(words()));
      PrintWriter out = spec.commandLine().getOut();
      if (rehearsed != null) {
        out.println(Rehearsal.line(planner.rehearsed(rehearsed[0], rehearsed[1])));
        return ExitCodes.DONE;
      }
      Plan plan = planner.plan(seconds, this::tellOfTrial);
      if (json) {
        out.println(plan.json());
      } else {
        plan.print(out);
      }
      plan.caution().ifPresent(line -> spec.commandLine().getErr().println("md4: " + line));
    } catch (Rehearsal.FailedException e) {
      return e.code();
    }
    return ExitCodes.DONE;
  }

  /** Tells why nothing is to be seen for a while. */
  private void tellOfTrial() {
    spec.commandLine().getErr().println("trying the training for %,d s ...".formatted(seconds));
    spec.commandLine().getErr().flush();
  }

  /** Returns the words behind md4 that started this command. */
  private List<String> words() {
    return spec.root().commandLine().getParseResult().originalArgs();
  }
}
