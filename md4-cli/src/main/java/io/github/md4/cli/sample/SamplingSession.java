// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.file.OutputFile;
import io.github.md4.cli.model.ModelArgument;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.parts.Parts;
import io.github.md4.cli.screen.Visible;
import io.github.md4.core.Division;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.ModelFolder;
import io.github.md4.core.model.Weights;
import io.github.md4.core.published.ChatFormat;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trace.Trace;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongFunction;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options and the run that {@code md4 sample} and {@code md4 infill} share. */
final class SamplingSession {
  @Mixin private ModelArgument folder;

  @Mixin private SamplerOptions sampler;

  @Mixin private ModelOptions options;

  @Mixin private Parts parts;

  @Option(
      names = "--stop-at-end",
      description =
          "End a sample at the first token that ends a text, or a turn of a chat, among the masks"
              + " at its end. What follows is not printed, and the network is called no more for"
              + " it.")
  private boolean stopsAtEnd;

  @Option(names = "--json", description = "Print a JSON object with the tokens on each line.")
  private boolean json;

  @Option(
      names = "--trace",
      paramLabel = "FILE.ndjson",
      description = "Write the step, the position and the token of every change, for md4 trace.")
  private Path trace;

  @Option(
      names = "--report",
      paramLabel = "FILE.json",
      description = "Write the calls of the network, the time and the options of the sampler.")
  private Path report;

  private boolean isStartShown;

  /** The tokens that end a sample, known once the model is open. */
  private Set<Integer> ends = Set.of();

  /**
   * Returns the options of the sampler, after {@link #open} those of the model; a wrong one is a
   * usage error.
   */
  SamplingOptions sampling() {
    return sampler.options().stoppingAt(ends);
  }

  /** Prints a line on stderr. */
  void warn(CommandSpec spec, String line) {
    spec.commandLine().getErr().println("md4: " + Visible.of(line));
  }

  /** Lets each sample be printed after the text that it begins with. */
  void showStarts() {
    isStartShown = true;
  }

  /** Checks a length that an option gives; one that the sampler cannot take is an error. */
  void checkLength(String option, int length) {
    sampler.checkLength(option, length);
  }

  boolean isJson() {
    return json;
  }

  /** Returns the model; one that the sampler cannot use is an error. */
  MaskedDiffusion open() throws IOException {
    MaskedDiffusion model = options.generator(folder.path());
    try {
      check(model);
      return model;
    } catch (InvalidConfigException | InvalidDataException | IOException e) {
      model.close();
      throw e;
    }
  }

  private void check(MaskedDiffusion model) throws IOException {
    if (model.description().tokenizer().image().isPresent()) {
      throw new InvalidDataException(folder.path(), "is a model of images; use md4 sample-images");
    }
    sampler.fitTo(model);
    if (stopsAtEnd) {
      ends = ends(model);
    }
  }

  private Set<Integer> ends(MaskedDiffusion model) throws IOException {
    Set<Integer> found = new TreeSet<>();
    model.tokenizer().endOfText().ifPresent(found::add);
    Path place = ModelFolder.find(folder.path(), Weights.EMA);
    if (ChatFormat.isIn(place)) {
      found.addAll(ChatFormat.read(place, Optional.empty()).ends());
    }
    if (found.isEmpty()) {
      throw new InvalidConfigException(
          "--stop-at-end", "the vocabulary of this model has no token that ends a text");
    }
    return found;
  }

  /**
   * Samples and prints, with progress, and writes a trace and a report if they are asked for.
   * Returns the exit code.
   */
  int run(
      MaskedDiffusion model, SequenceBlocks sequences, SamplingOptions sampling, CommandSpec spec)
      throws IOException {
    parts.check(spec, "--trace", "--report");
    return parts.run(
        spec,
        options.device(),
        () -> options.source(folder.path()).toString(),
        (division, out) -> {
          run(model, sequences, sampling, division, out);
          return () -> ExitCodes.DONE;
        });
  }

  private void run(
      MaskedDiffusion model,
      SequenceBlocks sequences,
      SamplingOptions sampling,
      Division division,
      PrintWriter out)
      throws IOException {
    Tokenizer tokenizer = model.description().tokenizer();
    SampleForm form = form(tokenizer);
    SamplingReport counted = new SamplingReport();
    try (SamplingProgress progress = new SamplingProgress();
        Tracing tracing = Tracing.to(trace, () -> header(model), tokenizer)) {
      for (List<InitialSequence> block : sequences) {
        if (out.checkError()) {
          return; // nobody reads any more
        }
        SamplePrinter printer = new SamplePrinter(out, form, block);
        SamplingListener tracer = tracing.begin(block);
        SharedDraw.of(
                division,
                block,
                own -> sample(model, own, sampling, progress, printer, tracer, counted))
            .forEach(printer::finished);
      }
    }
    if (report != null) {
      ObjectNode json = counted.json();
      json.put("model", folder.path().toString()).set("sampler", sampler.summary().json());
      json.setAll(options.json());
      json.put("residual", model.residual().toString());
      OutputFile.write(report, json + System.lineSeparator());
    }
  }

  private SampleForm form(Tokenizer tokenizer) {
    if (json) {
      return new SampleForm.ForScripts(sampler, tokenizer);
    }
    SampleForm form = new SampleForm.ForPeople(sampler);
    return isStartShown ? new SampleForm.AfterItsStart(tokenizer, form) : form;
  }

  private Trace.Header header(MaskedDiffusion model) {
    return sampler.summary().traceHeader(model.description(), folder.path());
  }

  /** Returns blocks for a model. */
  SequenceBlocks blocks(
      MaskedDiffusion model, long count, LongFunction<InitialSequence> sequences) {
    int length = model.description().config().length();
    return SequenceBlocks.of(count, length, sampling().batchSize(), sequences);
  }

  private static List<Sample> sample(
      MaskedDiffusion model,
      List<InitialSequence> sequences,
      SamplingOptions sampling,
      SamplingListener... listeners) {
    return model.generate(sequences, sampling, new Listeners(List.of(listeners)));
  }
}
