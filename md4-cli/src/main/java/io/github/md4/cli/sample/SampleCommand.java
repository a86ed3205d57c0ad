// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.file.SequenceFile;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.screen.Terminal;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.model.SavedModel;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.TokenDistribution;
import io.github.md4.sample.trajectory.InitialSequence;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code md4 sample}. */
@Command(
    name = "sample",
    description =
        "Samples texts from a model, from masks only or from texts that are masked in part.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 sample runs/quickstart",
      "  md4 sample runs/quickstart --count 8 --sampler confidence --seed 7",
      "  md4 sample runs/quickstart --distribution texts.txt --at 0.5"
    })
public final class SampleCommand implements Callable<Integer> {
  private static final int DEFAULT_TOP = 5;

  @Spec private CommandSpec spec;

  @ArgGroup private Source source = new Source();

  @Mixin private SamplingSession session;

  /** The source of the samples: masks only, or given texts. */
  private static final class Source {
    @ArgGroup(exclusive = false)
    private Count count;

    @ArgGroup(exclusive = false)
    private Masking masking;
  }

  /** The options for texts from masks only. */
  private static final class Count {
    @Option(
        names = "--count",
        paramLabel = "N",
        converter = OptionTypes.Count.class,
        description = "The number of texts. Default: 1.")
    private int count = 1;

    @Option(
        names = "--length",
        paramLabel = "N",
        converter = OptionTypes.Amount.class,
        description =
            "The number of tokens of a text. Default: the length of the model's training.")
    private Integer length;
  }

  /** The options for texts that are masked in part. */
  private static final class Masking {
    @ArgGroup(multiplicity = "1")
    private Texts texts;

    @Option(
        names = "--at",
        required = true,
        paramLabel = "T",
        converter = OptionTypes.Share.class,
        description =
            "The share of the way that lies before the texts, in (0, 1]. --reconstruct masks at the"
                + " time that the grid has there: 0.5 leaves half of the steps. --distribution masks"
                + " at this time.")
    private double at;

    @Option(
        names = "--top",
        paramLabel = "K",
        converter = OptionTypes.Count.class,
        description =
            "The number of tokens that --distribution shows at each position. Default: "
                + DEFAULT_TOP
                + ".")
    private Integer top;
  }

  /** The file of given texts, and whether they are sampled or described. */
  private static final class Texts {
    @Option(
        names = "--reconstruct",
        required = true,
        paramLabel = "FILE",
        description = "Mask each line of a file in part, and sample from there.")
    private Path reconstruct;

    @Option(
        names = "--distribution",
        required = true,
        paramLabel = "FILE",
        description =
            "Mask each line of a file in part, and print the network's distribution at every"
                + " position.")
    private Path distribution;
  }

  @Override
  public Integer call() throws IOException {
    SamplingOptions unused = session.sampling(); // a wrong one fails before the model is read
    PrintWriter out = spec.commandLine().getOut();
    if (isReconstruction() && source.masking.top != null) {
      throw new ParameterException(spec.commandLine(), "'--top' has no effect with --reconstruct");
    }
    try (MaskedDiffusion model = session.open()) {
      SamplingOptions sampling = session.sampling();
      checkMasks(model);
      if (source.masking == null) {
        return draw(model, source.count == null ? new Count() : source.count, sampling);
      } else if (isReconstruction()) {
        SamplingOptions from = sampling.withFrom(source.masking.at);
        List<int[]> x = texts(model, source.masking.texts.reconstruct);
        x.forEach(each -> session.checkLength("--reconstruct", each.length));
        List<InitialSequence> masked = model.maskedInPart(x, from);
        session.showStarts();
        return session.run(
            model,
            session.blocks(model, masked.size(), i -> masked.get(Math.toIntExact(i))),
            from,
            spec);
      } else {
        describe(model, sampling, out);
      }
    }
    return ExitCodes.DONE;
  }

  private void checkMasks(MaskedDiffusion model) {
    boolean masks = model.generation().isUnmasking();
    if (source.masking != null && !masks) {
      throw new InvalidConfigException(
          "--at", "only a masked diffusion model masks texts in part; take --count");
    }
  }

  private boolean isReconstruction() {
    return source.masking != null && source.masking.texts.reconstruct != null;
  }

  private int draw(MaskedDiffusion model, Count count, SamplingOptions sampling)
      throws IOException {
    int trained = model.description().config().length();
    int length = count.length == null ? trained : count.length;
    session.checkLength("--length", length);
    if (length > trained) {
      session.warn(
          spec,
          "--length %,d is %.1f times the %,d tokens that the model was trained on: what lies beyond them is unlike its training, and each call of the network takes longer"
              .formatted(length, (double) length / trained, trained));
    }
    TokenSpace space = model.description().tokenSpace();
    SequenceBlocks blocks =
        SequenceBlocks.of(
            count.count,
            length,
            sampling.batchSize(),
            index -> InitialSequence.masked(space, length, index));
    return session.run(model, blocks, sampling, spec);
  }

  private void describe(MaskedDiffusion model, SamplingOptions sampling, PrintWriter out)
      throws IOException {
    List<int[]> x = texts(model, source.masking.texts.distribution);
    int top = source.masking.top == null ? DEFAULT_TOP : source.masking.top;
    DistributionReport report = new DistributionReport(model, top);
    int columns = Terminal.isStdout() ? Terminal.size().columns() : Integer.MAX_VALUE;
    for (int i = 0; i < x.size(); i++) {
      TokenDistribution found =
          model.distribution(new InitialSequence(x.get(i), i), source.masking.at, sampling.seed());
      out.println(
          session.isJson()
              ? report.json(i, x.get(i), found)
              : report.text(x.get(i), found, columns));
    }
  }

  private static List<int[]> texts(MaskedDiffusion model, Path file) throws IOException {
    SavedModel.Description description = model.description();
    return new SequenceFile(file, description, description.tokenizer()::encode).read();
  }
}
