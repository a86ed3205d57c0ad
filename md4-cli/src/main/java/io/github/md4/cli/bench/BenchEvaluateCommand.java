// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.core.Precision;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 bench evaluate}: the speed of estimates of the likelihood. */
@Command(
    name = "evaluate",
    description =
        "Estimates the likelihood of arbitrary sequences by an untrained network, as md4 evaluate and"
            + " /v1/score of md4 serve do. Reports calls of the network, sequences per second and"
            + " memory. Reads no data and writes no file.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 bench evaluate configs/text8.yaml --batch-size 64 --count 640",
      "  md4 bench evaluate configs/text8.yaml --batch-size 1 --passes 64 --repeats 3"
    })
final class BenchEvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private FrozenOptions network;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The number of sequences in one call of the network. Default: ${DEFAULT-VALUE}.")
  private int batchSize = 64;

  @Option(
      names = "--passes",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The number of passes. Each scores every sequence at another time with another mask."
              + " Default: ${DEFAULT-VALUE}.")
  private int passes = 1;

  @Override
  public Integer call() throws IOException {
    FrozenWorkload workload = network.workload();
    Device found = network.device(spec, workload);
    BenchHost host = BenchHost.of(found);
    EvaluateBenchReport report = report(workload, found);
    Precision residual = report.result().code().residual();
    network.print(spec, found, residual, () -> report.table(host), () -> report.json(host));
    return ExitCodes.DONE;
  }

  private EvaluateBenchReport report(FrozenWorkload workload, Device found) throws IOException {
    int count = network.count(batchSize);
    LikelihoodEstimator.Settings settings = new LikelihoodEstimator.Settings(0, passes, batchSize);
    try (NDManager manager = NDManager.newBaseManager(found)) {
      EvaluateBench.Result result =
          new EvaluateBench(manager, workload).run(settings, count, network.repeats());
      return new EvaluateBenchReport(workload, settings, count, result);
    }
  }
}
