// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.file.SequenceFile;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.SavedModel;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.Template;
import io.github.md4.sample.trajectory.InitialSequence;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code md4 infill}. */
@Command(
    name = "infill",
    description = {
      "Fills the holes of templates. The text between holes never changes.",
      "A hole is [MASK], [MASK*12] for twelve tokens, or [MASK*] for the rest of the model's"
          + " length. Write \\[ for a bracket that begins no hole."
    },
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 infill runs/quickstart --template \"at dawn the [MASK*2] finds its [MASK*]\""
    })
public final class InfillCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Templates templates;

  @Option(
      names = "--count",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "The number of samples of each template. Default: ${DEFAULT-VALUE}.")
  private int count = 1;

  @Mixin private SamplingSession session;

  /** The templates to fill, from options or from a file. */
  private static final class Templates {
    @Option(
        names = "--template",
        required = true,
        paramLabel = "TEXT",
        description = "A template, as \"The [MASK*12] sat on the mat\". May be repeated.")
    private List<String> texts = List.of();

    @Option(
        names = "--templates",
        required = true,
        paramLabel = "FILE",
        description =
            "A file with a template on each line, or a .jsonl file of objects with text, or with"
                + " tokens in which null is a hole.")
    private Path file;
  }

  @Override
  public Integer call() throws IOException {
    SamplingOptions unused = session.sampling(); // a wrong one fails before the model is read
    try (MaskedDiffusion model = session.open()) {
      SamplingOptions sampling = session.sampling();
      List<int[]> all = templates(model);
      String option = templates.file == null ? "--template" : "--templates";
      all.forEach(each -> session.checkLength(option, each.length));
      checkHoles(all, model.description().tokenSpace().maskToken());
      SequenceBlocks blocks =
          session.blocks(
              model,
              (long) all.size() * count,
              index -> new InitialSequence(all.get(Math.toIntExact(index / count)), index));
      return session.run(model, blocks, sampling, spec);
    }
  }

  /** Refuses templates that leave nothing to fill, and warns of some that do. */
  private void checkHoles(List<int[]> all, int mask) {
    List<Integer> without =
        IntStream.range(0, all.size())
            .filter(i -> Arrays.stream(all.get(i)).noneMatch(token -> token == mask))
            .boxed()
            .toList();
    if (without.isEmpty()) {
      return;
    }
    String holes = "a hole is [MASK], [MASK*12] or [MASK*]";
    Usage.require(
        spec,
        without.size() < all.size(),
        "no template has a hole, so nothing is to fill; " + holes);
    String first = "number " + (without.get(0) + 1);
    String templates = Counted.of(all.size(), "template");
    session.warn(
        spec,
        Counted.of(
                without.size(),
                "of %s has no hole and stays as it is, %s; %s",
                "of %s have no hole and stay as they are, %s first; %s")
            .formatted(templates, first, holes));
  }

  private List<int[]> templates(MaskedDiffusion model) throws IOException {
    SavedModel.Description description = model.description();
    if (templates.file != null) {
      return new SequenceFile(templates.file, description, text -> parse(text, description)).read();
    }
    try {
      return templates.texts.stream().map(text -> parse(text, description)).toList();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for option '--template': " + e.getMessage(), e);
    }
  }

  private static int[] parse(String text, SavedModel.Description description) {
    return Template.parse(text, description.tokenizer(), description.config().length());
  }
}
