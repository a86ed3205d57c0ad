// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.experiment.ExperimentOptions;
import io.github.md4.cli.sample.SamplerOptions;
import io.github.md4.cli.support.DeviceChoice;
import io.github.md4.cli.support.ExitCodes;
import io.github.md4.cli.support.ModelOptions;
import io.github.md4.cli.support.OptionTypes;
import io.github.md4.cli.support.Residual;
import io.github.md4.cli.support.Usage;
import io.github.md4.cli.support.VocabularyOption;
import io.github.md4.core.Precision;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.train.config.Computation;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command The command {@code md4 bench sample}: the speed of sampling. */
@Command(
    name = "sample",
    description =
        "Samples whole sequences from an untrained network. Reports calls of the"
            + " network, sequences per second and memory. Reads no data and writes no file.",
    sortOptions = false,
    footer = {"%nExamples:", "  md4 bench sample configs/text8.yaml --count 8 --steps 100"})
final class BenchSampleCommand implements Callable<Integer> {
  private static final int WARM_UP_STEPS = 4;

  @Spec private CommandSpec spec;

  @Mixin private ExperimentOptions experimentOptions;

  @Option(
      names = "--count",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description = "The number of sequences. Default: that of --batch-size.")
  private Integer count;

  @Mixin private VocabularyOption vocabulary;

  @Mixin private SamplerOptions sampler;

  @Option(
      names = "--precision",
      paramLabel = "float32|bfloat16",
      description = "The type in which the network multiplies. Default: training.precision.")
  private Precision precision;

  @Option(
      names = "--residual",
      paramLabel = "float32|bfloat16",
      description =
          "The type of the residual stream where the products are bfloat16. Default:"
              + " training.residual.")
  private Precision residual;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The times that all is sampled, of which the median is reported. Default: ${DEFAULT-VALUE}.")
  private int repeats = 1;

  @Option(
      names = "--peer-step-ms",
      paramLabel = "X",
      converter = OptionTypes.NotNegative.class,
      description =
          "The milliseconds per step of plain ancestral sampling by another program; for"
              + " a ratio.")
  private double peerMilliseconds = Double.NaN;

  @Option(
      names = "--peer-gib",
      paramLabel = "X",
      converter = OptionTypes.NotNegative.class,
      description = "The memory of the other program, in GiB; for a ratio.")
  private double peerGib = Double.NaN;

  @Option(names = "--device", paramLabel = ModelOptions.DEVICES, description = ModelOptions.DEVICE)
  private DeviceChoice device = new DeviceChoice.Fastest();

  @Option(names = "--json", description = "Print a JSON object, not a table.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    SamplingOptions unused = sampler.options(); // a wrong one fails before the config is read
    Experiment experiment = experimentOptions.load();
    SampleBench.Workload workload = workload(experiment);
    sampler.fitTo(workload.schedule(), workload.generation());
    if (!Double.isNaN(peerMilliseconds) && sampler.stepCount() == 0) {
      throw Usage.error(spec, "'--peer-step-ms': has no effect with a sampler without steps");
    }
    Device found = device.find();
    if (residual != null) {
      Residual.check(spec, residual, workload.precision());
    }
    SampleBenchReport report = report(workload, sampler.options(), found);
    if (residual != null) {
      Residual.tell(spec, residual, report.result().code().residual(), found);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(report.json(BenchHost.of(found)));
    } else {
      report.table(BenchHost.of(found)).print(out);
    }
    return ExitCodes.DONE;
  }

  private SampleBench.Workload workload(Experiment experiment) throws IOException {
    Computation training = experiment.training().computation();
    return new SampleBench.Workload(
        experiment.model(),
        vocabulary.size(experiment),
        precision == null ? training.precision() : precision,
        residual == null ? training.residual() : residual);
  }

  private SampleBenchReport report(
      SampleBench.Workload workload, SamplingOptions options, Device found) throws IOException {
    int sequences = count == null ? options.batchSize() : count;
    SamplingSteps few = new SamplingSteps(new SamplingGrid.Uniform(), WARM_UP_STEPS);
    SamplingOptions warmUp =
        options.withMethod(SamplingMethod.standard(workload.generation(), few));
    try (NDManager manager = NDManager.newBaseManager(found)) {
      SampleBench.Result result =
          new SampleBench(manager, workload).run(options, sequences, repeats, warmUp);
      SampleBenchReport.Peer peer = new SampleBenchReport.Peer(peerMilliseconds, peerGib);
      return new SampleBenchReport(workload, sampler, sequences, result, peer);
    }
  }
}
