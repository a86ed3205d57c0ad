// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.cli.config.ConfigWriter;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.experiment.ExperimentOptions;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.option.ThreadsOption;
import io.github.md4.cli.option.VocabularyOption;
import io.github.md4.cli.parts.Processes;
import io.github.md4.cli.report.Table;
import io.github.md4.cli.train.TrainingDevice;
import io.github.md4.core.MemoryFormat;
import io.github.md4.train.bench.StepBench;
import io.github.md4.train.parallel.Communicator;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command The command {@code md4 bench train}: the speed of training, by part. */
@Command(
    name = "train",
    description =
        "Trains on random tokens. Reports speed, milliseconds by part, memory and the"
            + " share of the matmul ceiling. Reads no data and writes no file.",
    sortOptions = false,
    footer = {"%nExamples:", "  md4 bench train configs/text8.yaml --steps 20 --json"})
final class BenchTrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ExperimentOptions experimentOptions;

  @Option(
      names = "--steps",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The number of measured steps, in five windows; further steps measure the"
              + " parts. Default: ${DEFAULT-VALUE}.")
  private int steps = 50;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description = "The number of steps before the measurement. Default: ${DEFAULT-VALUE}.")
  private int warmUp = 8;

  @Mixin private VocabularyOption vocabulary;

  @Option(
      names = "--layout",
      paramLabel = "channels-last|channels-first",
      description =
          "The memory format of an image network's feature maps. Default:" + " ${DEFAULT-VALUE}.")
  private MemoryFormat layout = MemoryFormat.CHANNELS_LAST;

  @Option(names = "--json", description = "Print a JSON object, not a table.")
  private boolean json;

  @Option(
      names = "--compare",
      paramLabel = "FILE.json",
      description = "Print also the ratios of this report to an earlier one, written by --json.")
  private Path earlier;

  @Option(names = "--device", paramLabel = ModelOptions.DEVICES, description = ModelOptions.DEVICE)
  private DeviceChoice device = new DeviceChoice.Fastest();

  @Mixin private ThreadsOption threads;

  @Override
  public Integer call() throws IOException {
    Experiment experiment = experimentOptions.load();
    BenchComparison comparison =
        earlier == null ? BenchComparison.none() : BenchComparison.read(earlier);
    Processes processes =
        Processes.ofEnvironment(spec.commandLine().getOut(), spec.commandLine().getErr());
    Device found = TrainingDevice.find(experiment.training(), device, processes.firstErr());
    threads.apply();
    return processes.together(
        found,
        ConfigWriter.write(experiment),
        "",
        experiment.parallel(),
        communicator -> {
          print(measure(experiment, found, communicator), comparison, processes.firstOut());
          return ExitCodes.DONE;
        });
  }

  private void print(BenchReport report, BenchComparison comparison, PrintWriter out) {
    if (json) {
      out.println(comparison.addTo(report.json()));
    } else {
      Table table = report.table();
      comparison.addTo(table, report.json());
      table.print(out);
    }
  }

  private BenchReport measure(Experiment experiment, Device found, Communicator communicator)
      throws IOException {
    StepBench.Workload workload =
        new StepBench.Workload(
            experiment.model(), experiment.training(), vocabulary.size(experiment), layout);
    StepBench.Repetitions repetitions = StepBench.Repetitions.of(warmUp, steps);
    try (NDManager manager = NDManager.newBaseManager(found);
        StepBench bench = new StepBench(manager, workload, communicator)) {
      return new BenchReport(workload, repetitions, BenchHost.of(found), bench.run(repetitions));
    }
  }
}
