// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.screen.Progress;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.OrderLikelihood;
import io.github.md4.core.likelihood.UnitLosses;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.train.data.window.EvaluationChunks;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 evaluate order}. */
@Command(
    name = "order",
    description =
        "Computes the exact likelihood of data under a model of masks whose tokens are revealed in"
            + " one order, one at a time or several at once. It is that of the sampler"
            + " random-order, given its order, and takes one call of the network for each step.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 evaluate order --model runs/any-order --data test.bin --chunks 64",
      "  md4 evaluate order --model runs/md4 --data test.bin --tokens-per-step 8"
    })
final class EvaluateOrderCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--model", required = true, paramLabel = "DIR", description = ModelOptions.FOLDER)
  private Path folder;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "FILE.bin",
      description =
          "A file of tokens made by md4 data. It is cut into chunks of the model's length.")
  private Path data;

  @Option(
      names = "--order",
      paramLabel = "left-to-right|right-to-left|random|FILE",
      description =
          "The order. random is another for each chunk; FILE has the positions from 0 in their"
              + " order. Default: ${DEFAULT-VALUE}.")
  private String order = "left-to-right";

  @Option(
      names = "--tokens-per-step",
      paramLabel = "K",
      converter = OptionTypes.Amount.class,
      description =
          "The number of tokens that are revealed at once, none of which sees the others."
              + " Default: ${DEFAULT-VALUE}.")
  private int tokensAStep = 1;

  @Mixin private ModelOptions options;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "The seed of random orders. Default: ${DEFAULT-VALUE}.")
  private long seed = 0;

  @Mixin private ChunkOptions chunkOptions;

  @Option(
      names = "--losses",
      paramLabel = "FILE.csv",
      description = "Write the loss of each chunk to this file, for md4 compare.")
  private Path losses;

  @Option(names = "--json", description = "Print one JSON object, not a table.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    TokenOrder chosen = TokenOrder.parse(order, seed);
    try (EvaluationData opened = EvaluationData.open(data);
        LoadedModel model = options.open(folder)) {
      OrderLikelihood likelihood = likelihood(model);
      EvaluationChunks chunks = opened.chunksFor(model);
      OrderReport report =
          new OrderReport(
              chosen,
              tokensAStep,
              seed,
              scored(model, likelihood, chosen, chunks),
              chunks,
              EvaluationReport.Inputs.of(model, opened));
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(report.json());
      } else {
        report.table().print(out);
      }
      if (losses != null) {
        report.lossFile().write(losses);
      }
    }
    return ExitCodes.DONE;
  }

  private OrderLikelihood likelihood(LoadedModel model) {
    MaskingSchedule shared = SharedSchedule.of(model, "likelihood in an order");
    return new OrderLikelihood(model.description().tokenSpace(), shared, tokensAStep);
  }

  private UnitLosses scored(
      LoadedModel model, OrderLikelihood likelihood, TokenOrder chosen, EvaluationChunks chunks) {
    int count = Math.toIntExact(Math.min(chunkOptions.limit, chunks.count()));
    double[] nats = new double[count];
    long[] tokens = new long[count];
    Arrays.fill(tokens, chunks.length());
    try (Progress progress = Progress.start("evaluate", 0, count)) {
      for (int first = 0; first < count; first += chunkOptions.batchSize) {
        int size = Math.min(chunkOptions.batchSize, count - first);
        int[][] x = new int[size][];
        int[][] orders = new int[size][];
        int[] labels = new int[size];
        for (int b = 0; b < size; b++) {
          x[b] = chunks.chunk(first + b);
          orders[b] = chosen.of(first + b, chunks.length());
          labels[b] = chunks.label(first + b);
        }
        double[][] each =
            likelihood.nats(model.manager(), model.model().denoiser(), x, orders, labels);
        for (int b = 0; b < size; b++) {
          nats[first + b] = Arrays.stream(each[b]).sum();
        }
        progress.at(first + size, "");
      }
    }
    return new UnitLosses(BoundEstimate.Unit.CHUNKS, tokens, nats);
  }
}
