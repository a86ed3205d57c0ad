// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.screen.Progress;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.token.Gpt2Tokenizer;
import io.github.md4.core.token.Sha256;
import io.github.md4.sample.scoring.Gpt2Scorer;
import io.github.md4.sample.scoring.ScoredSamples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 evaluate generative}. */
@Command(
    name = "generative",
    description =
        "Computes the perplexity of samples under a GPT-2, and their entropy and"
            + " distinct n-grams. Repetition lowers the perplexity, so that it says little"
            + " without the others.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 evaluate generative --samples samples.jsonl --scorer gpt2-large"
    })
final class EvaluateGenerativeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--samples",
      required = true,
      paramLabel = "FILE",
      description = "The samples, one JSON object per line, as md4 sample --json prints them.")
  private Path samples;

  @Option(
      names = "--scorer",
      paramLabel = "DIR",
      description =
          "The folder of the scoring model: config.json and weights of gpt2, gpt2-medium,"
              + " gpt2-large or gpt2-xl, as Hugging Face publishes them. Required.")
  private Path scorer;

  @Option(names = "--judge", hidden = true, description = "The former name of --scorer.")
  void setJudge(Path folder) {
    scorer = folder;
  }

  @Option(
      names = "--ids",
      description =
          "Score the samples' own tokens, which must be those of GPT-2. Default: encode their"
              + " text anew.")
  private boolean ids;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The number of samples in one call of the scorer; the result does not depend on"
              + " it. Default: ${DEFAULT-VALUE}.")
  private int batchSize = 8;

  @Option(
      names = "--precision",
      paramLabel = "float32|bfloat16",
      description = "The type in which the scorer multiplies. Default: ${DEFAULT-VALUE}.")
  private Precision precision = Precision.FLOAT32;

  @Option(names = "--device", paramLabel = ModelOptions.DEVICES, description = ModelOptions.DEVICE)
  private DeviceChoice device = new DeviceChoice.Fastest();

  @Option(names = "--json", description = "Print one JSON object, not a table.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (scorer == null) {
      throw Usage.error(spec, "Missing required option: '--scorer=DIR'");
    }
    List<int[]> tokens = tokens();
    Device found = device.find();
    try (NDManager manager = NDManager.newBaseManager(found);
        Gpt2Scorer loaded = Gpt2Scorer.load(scorer, manager, precision)) {
      List<int[]> kept = cut(tokens, loaded);
      GenerativeReport report =
          new GenerativeReport(
              new ScoredSamples(scored(loaded, kept)),
              kept,
              total(tokens) - total(kept),
              origin(found));
      if (json) {
        spec.commandLine().getOut().println(report.json());
      } else {
        report.table().print(spec.commandLine().getOut());
      }
    }
    return ExitCodes.DONE;
  }

  private List<int[]> tokens() throws IOException {
    SampleFile file = new SampleFile(samples);
    Gpt2Tokenizer gpt2 = new Gpt2Tokenizer();
    return ids ? file.tokens() : file.texts().stream().map(gpt2::encode).toList();
  }

  /** Cuts samples at the longest sequence of the scorer; a sample needs two tokens to be scored. */
  private List<int[]> cut(List<int[]> tokens, Gpt2Scorer loaded) {
    List<int[]> kept = new ArrayList<>();
    for (int[] sample : tokens) {
      if (Arrays.stream(sample).anyMatch(id -> id < 0 || id >= loaded.vocabularySize())) {
        throw new InvalidDataException(
            samples,
            "sample %d has a token outside the scorer's vocabulary of %d; leave out --ids"
                .formatted(kept.size() + 1, loaded.vocabularySize()));
      }
      if (sample.length < 2) {
        throw new InvalidDataException(
            samples, "sample %d has fewer than two tokens".formatted(kept.size() + 1));
      }
      kept.add(Arrays.copyOf(sample, Math.min(sample.length, loaded.positions())));
    }
    return kept;
  }

  private List<double[]> scored(Gpt2Scorer loaded, List<int[]> kept) {
    List<double[]> nats = new ArrayList<>();
    try (Progress progress = Progress.start("scoring", 0, kept.size())) {
      for (int first = 0; first < kept.size(); first += batchSize) {
        List<int[]> batch = kept.subList(first, Math.min(first + batchSize, kept.size()));
        nats.addAll(List.of(loaded.crossEntropies(batch)));
        progress.at(nats.size(), "");
      }
    }
    return nats;
  }

  private static long total(List<int[]> tokens) {
    return tokens.stream().mapToLong(each -> each.length).sum();
  }

  private GenerativeReport.Origin origin(Device found) throws IOException {
    return new GenerativeReport.Origin(
        Gpt2Scorer.weights(scorer),
        Sha256.of(Gpt2Scorer.weights(scorer)),
        samples,
        Sha256.of(samples),
        "%s, %s, %s"
            .formatted(
                DeviceChoice.name(found),
                precision,
                ids ? "the samples' own tokens" : "texts encoded anew"));
  }
}
