// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.kernel.DrawKernels;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.AncestralSampler;
import io.github.md4.sample.SampleRequest;
import io.github.md4.sample.SamplingSteps;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code md4 sample}. */
@Command(name = "sample", description = "Draws texts from a model.", sortOptions = false)
final class SampleCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--model", required = true, paramLabel = "DIR", description = ModelOptions.FOLDER)
  private Path folder;

  @Option(
      names = "--count",
      required = true,
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "How many texts to draw.")
  private int count;

  @Option(
      names = "--steps",
      paramLabel = "T",
      converter = OptionTypes.Count.class,
      description = "Steps from all masked to none. Default: ${DEFAULT-VALUE}.")
  private int steps = 1000;

  @Option(
      names = "--grid",
      paramLabel = "uniform|cosine",
      description = "Where the times of the steps lie. Default: ${DEFAULT-VALUE}.")
  private SamplingGrid grid = new SamplingGrid.Cosine();

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description =
          "The seed; a text depends on it and its index alone. Default: ${DEFAULT-VALUE}.")
  private long seed = 0;

  @Option(
      names = "--length",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "Tokens of a text. Default: as many as the model was trained on.")
  private Integer length;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "Texts at once; of no effect on the result. Default: ${DEFAULT-VALUE}.")
  private int batchSize = 64;

  @Mixin private ModelOptions options;

  @Option(names = "--json", description = "Print JSON objects, one a line, with the tokens.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    try (LoadedModel model = options.open(folder)) {
      model.checkIsDiffusion();
      List<int[]> samples = sample(model);
      for (int index = 0; index < samples.size(); index++) {
        print(index, samples.get(index), model.description().tokenizer());
      }
    }
    return ExitCodes.DONE;
  }

  private List<int[]> sample(LoadedModel model) {
    SavedModel.Description description = model.description();
    int tokens = length == null ? description.config().length() : length;
    try (DrawKernels kernels = new DrawKernels(model.manager());
        SamplingProgress progress = new SamplingProgress()) {
      ReverseProcess process =
          new ReverseProcess(
              description.tokenSpace(), description.config().maskingSchedule(), kernels);
      return new AncestralSampler(
              model.manager(), model.model().denoiser(), process, new SamplingSteps(grid, steps))
          .sample(new SampleRequest(count, tokens, seed, batchSize, 0), progress);
    }
  }

  private void print(int index, int[] tokens, Tokenizer tokenizer) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(json(index, tokens, tokenizer));
    } else {
      out.println("--- sample " + index + ", seed " + seed + ", " + steps + " steps");
      out.println(tokenizer.decode(tokens));
    }
  }

  private ObjectNode json(int index, int[] tokens, Tokenizer tokenizer) {
    ObjectNode object =
        Json.object()
            .put("index", index)
            .put("seed", seed)
            .put("steps", steps)
            .put("grid", grid.toString())
            .put("text", tokenizer.decode(tokens));
    ArrayNode ids = object.putArray("tokens");
    Arrays.stream(tokens).forEach(ids::add);
    return object;
  }
}
