// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.support.ExitCodes;
import io.github.md4.cli.support.OptionTypes;
import io.github.md4.cli.support.SequenceFile;
import io.github.md4.core.model.SavedModel;
import io.github.md4.sample.InitialSequence;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.TokenDistribution;
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

/** {@code md4 sample}. */
@Command(
    name = "sample",
    description = "Draws texts from a model, or draws anew what is masked of given ones.",
    sortOptions = false)
public final class SampleCommand implements Callable<Integer> {
  private static final int DEFAULT_TOP = 5;

  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Wanted wanted;

  @Mixin private SamplingSession session;

  /** From what. */
  private static final class Wanted {
    @ArgGroup(exclusive = false)
    private Count count;

    @ArgGroup(exclusive = false)
    private Masking masking;
  }

  /** Texts from nothing but masks. */
  private static final class Count {
    @Option(
        names = "--count",
        required = true,
        paramLabel = "N",
        converter = OptionTypes.Count.class,
        description = "How many texts to draw.")
    private int count;

    @Option(
        names = "--length",
        paramLabel = "N",
        converter = OptionTypes.Count.class,
        description = "Tokens of a text. Default: as many as the model was trained on.")
    private Integer length;
  }

  /** Texts that are masked in part. */
  private static final class Masking {
    @ArgGroup(multiplicity = "1")
    private Texts texts;

    @Option(
        names = "--at",
        required = true,
        paramLabel = "T",
        converter = OptionTypes.Share.class,
        description =
            "How far from the end, in (0, 1]: --reconstruct masks at the time that the grid has"
                + " there, so 0.5 leaves half of the steps; --distribution masks at this time.")
    private double at;

    @Option(
        names = "--top",
        paramLabel = "K",
        converter = OptionTypes.Count.class,
        description = "Tokens that --distribution shows at each position. Default: 5.")
    private Integer top;
  }

  /** Whether they are drawn anew or looked at. */
  private static final class Texts {
    @Option(
        names = "--reconstruct",
        required = true,
        paramLabel = "FILE",
        description = "Mask the texts of a file, one a line, in part, and sample from there.")
    private Path reconstruct;

    @Option(
        names = "--distribution",
        required = true,
        paramLabel = "FILE",
        description =
            "Mask the texts of a file, one a line, in part, and print what the network thinks of"
                + " every position.")
    private Path distribution;
  }

  @Override
  public Integer call() throws IOException {
    SamplingOptions sampling = session.sampling();
    PrintWriter out = spec.commandLine().getOut();
    if (isReconstruction() && wanted.masking.top != null) {
      throw new ParameterException(spec.commandLine(), "'--top': is of no use to --reconstruct");
    }
    try (MaskedDiffusion model = session.open()) {
      if (wanted.count != null) {
        draw(model, sampling, out);
      } else if (isReconstruction()) {
        SamplingOptions from = sampling.withFrom(wanted.masking.at);
        List<int[]> x = texts(model, wanted.masking.texts.reconstruct);
        session.run(model, model.masked(x, from), from, out);
      } else {
        look(model, sampling, out);
      }
    }
    return ExitCodes.DONE;
  }

  private boolean isReconstruction() {
    return wanted.masking != null && wanted.masking.texts.reconstruct != null;
  }

  private void draw(MaskedDiffusion model, SamplingOptions sampling, PrintWriter out)
      throws IOException {
    int trained = model.description().config().length();
    int length = wanted.count.length == null ? trained : wanted.count.length;
    session.run(model, model.masked(wanted.count.count, length), sampling, out);
  }

  private void look(MaskedDiffusion model, SamplingOptions sampling, PrintWriter out)
      throws IOException {
    List<int[]> x = texts(model, wanted.masking.texts.distribution);
    int top = wanted.masking.top == null ? DEFAULT_TOP : wanted.masking.top;
    DistributionReport report = new DistributionReport(model, top);
    for (int i = 0; i < x.size(); i++) {
      TokenDistribution found =
          model.distribution(new InitialSequence(x.get(i), i), wanted.masking.at, sampling.seed());
      out.println(
          session.isJson() ? report.json(i, x.get(i), found) : report.text(x.get(i), found));
    }
  }

  private static List<int[]> texts(MaskedDiffusion model, Path file) throws IOException {
    SavedModel.Description description = model.description();
    return new SequenceFile(file, description, description.tokenizer()::encode).read();
  }
}
