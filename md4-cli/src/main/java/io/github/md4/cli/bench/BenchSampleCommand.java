// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.sample.SamplerOptions;
import io.github.md4.core.Precision;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 bench sample}: the speed of sampling. */
@Command(
    name = "sample",
    description =
        "Samples whole sequences from an untrained network. Reports calls of the"
            + " network, sequences per second and memory. Reads no data and writes no file.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 bench sample configs/text8.yaml --count 8 --steps 100",
      "  md4 bench sample configs/text8.yaml --sampler confidence --temperature 0.8"
    })
final class BenchSampleCommand implements Callable<Integer> {
  private static final int WARM_UP_STEPS = 4;

  @Spec private CommandSpec spec;

  @Mixin private FrozenOptions network;

  @Mixin private SamplerOptions sampler;

  @Option(
      names = "--given",
      paramLabel = "P",
      converter = OptionTypes.GivenShare.class,
      description =
          "The share of the positions of each sequence that are given, evenly between the masks, as"
              + " md4 infill has them. Default: ${DEFAULT-VALUE}.")
  private double given = 0;

  @Option(
      names = "--guidance",
      paramLabel = "SCALE",
      converter = OptionTypes.Guidance.class,
      description =
          "The scale of guidance by the class, as md4 sample-images has it; 1 leaves the network as"
              + " it is. Default: ${DEFAULT-VALUE}.")
  private double guidance = SampleBench.NO_GUIDANCE;

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

  @Override
  public Integer call() throws IOException {
    SamplingOptions unused = sampler.options(); // a wrong one fails before the config is read
    FrozenWorkload workload = network.workload();
    sampler.fitTo(workload.model().network());
    sampler.fitTo(workload.schedule(), workload.generation());
    check(workload);
    Device found = network.device(spec, workload);
    BenchHost host = BenchHost.of(found);
    SampleBenchReport report = report(workload, sampler.options(), found);
    Precision residual = report.result().code().residual();
    network.print(spec, found, residual, () -> report.table(host), () -> report.json(host));
    return ExitCodes.DONE;
  }

  private void check(FrozenWorkload workload) {
    if (!Double.isNaN(peerMilliseconds) && sampler.stepCount() == 0) {
      throw Usage.error(spec, "'--peer-step-ms': has no effect with a sampler without steps");
    }
    boolean canGuide = workload.model().network().nullLabel().isPresent();
    if (guidance != SampleBench.NO_GUIDANCE && !canGuide) {
      throw Usage.error(
          spec,
          "'--guidance': requires a network with model.network.condition.labelDropout above 0");
    }
  }

  private SampleBenchReport report(FrozenWorkload workload, SamplingOptions options, Device found)
      throws IOException {
    SampleBench.Starts starts =
        new SampleBench.Starts(network.count(options.batchSize()), given, guidance);
    SamplingSteps few = new SamplingSteps(new SamplingGrid.Uniform(), WARM_UP_STEPS);
    SamplingOptions warmUp =
        options.withMethod(SamplingMethod.standard(workload.generation(), few));
    try (NDManager manager = NDManager.newBaseManager(found)) {
      SampleBench.Result result =
          new SampleBench(manager, workload, starts).run(options, network.repeats(), warmUp);
      SampleBenchReport.Peer peer = new SampleBenchReport.Peer(peerMilliseconds, peerGib);
      return new SampleBenchReport(workload, sampler, starts, result, peer);
    }
  }
}
