// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.file.SequenceFile;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.cli.report.WithError;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.quality.NgramModel;
import io.github.md4.sample.quality.SampleQuality;
import io.github.md4.train.data.quickstart.Quickstart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 quality}: samples compared with a real text. */
@Command(
    name = "quality",
    description =
        "Scores samples by an n-gram model of nine tenths of a real text, and by their"
            + " entropy. The rest of the text is scored for comparison. Few bits with little"
            + " entropy are repetition. Where md4 data quickstart made the text, samples that"
            + " its source can emit are counted.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 quality --samples samples.jsonl --reference data/quickstart/test.bin"
    })
public final class QualityCommand implements Callable<Integer> {
  private static final double BITS_OF_A_CODE = 63;
  private static final int HELD_OUT = 10; // the first of this many parts

  @Spec private CommandSpec spec;

  @Option(
      names = "--samples",
      required = true,
      paramLabel = "FILE.jsonl",
      description = "The output of md4 sample --json, or one text per line.")
  private Path samples;

  @Option(
      names = "--reference",
      required = true,
      paramLabel = "FILE.bin",
      description = "The real text, a file of tokens with its JSON file.")
  private Path reference;

  @Option(
      names = "--order",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "The n of the n-gram model. Default: ${DEFAULT-VALUE}.")
  private int order = 6;

  @Option(names = "--json", description = "Print a JSON object, not a table.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    try (TokenFile text = TokenFile.open(reference)) {
      TokenFileInfo info =
          text.info()
              .orElseThrow(
                  () ->
                      new InvalidDataException(
                          reference, "has no JSON file that describes its tokens"));
      checkOrder(info.vocabularySize());
      Tokenizer tokenizer = info.tokenizer();
      List<int[]> ours =
          new SequenceFile(
                  samples, tokenizer, "the reference", Integer.MAX_VALUE, tokenizer::encode)
              .read();
      checkWhole(ours, info.vocabularySize());
      int[] all = text.read(0, Math.toIntExact(text.length()));
      Optional<Long> possible =
          Quickstart.sourceOf(text).map(source -> ours.stream().filter(source::canEmit).count());
      print(tokenizer, ours, all, possible);
    }
    return ExitCodes.DONE;
  }

  private void checkOrder(int vocabularySize) {
    int most = (int) (BITS_OF_A_CODE * Math.log(2) / Math.log(vocabularySize));
    if (order > most) {
      throw Usage.error(
          spec,
          "Invalid value for option '--order': must be at most %d for %d different tokens: %d"
              .formatted(most, vocabularySize, order));
    }
  }

  private void checkWhole(List<int[]> ours, int mask) {
    for (int i = 0; i < ours.size(); i++) {
      if (Arrays.stream(ours.get(i)).anyMatch(token -> token == mask)) {
        throw new InvalidDataException(samples, "line %d has a mask".formatted(i + 1));
      }
    }
  }

  private void print(Tokenizer tokenizer, List<int[]> ours, int[] text, Optional<Long> possible) {
    int size = tokenizer.vocabularySize();
    int heldOut = text.length / HELD_OUT;
    NgramModel model = NgramModel.fit(Arrays.copyOfRange(text, heldOut, text.length), size, order);
    SampleQuality of = SampleQuality.of(ours, model, size);
    List<int[]> pieces = pieces(Arrays.copyOf(text, heldOut), ours.get(0).length);
    SampleQuality ofReal = SampleQuality.of(pieces, model, size);
    if (json) {
      ObjectNode object = Json.report().put("order", order);
      object.set("samples", json(of));
      object.set("reference", json(ofReal));
      possible.ifPresent(count -> object.put("possible", count).put("count", ours.size()));
      spec.commandLine().getOut().println(object);
      return;
    }
    Table table = new Table();
    row(table, "samples", of, tokenizer.unit());
    row(table, "held-out reference", ofReal, tokenizer.unit());
    WithError.addReason(
        table,
        of.bitsPerTokenStandardError() + ofReal.bitsPerTokenStandardError(),
        "a single text has no spread: score more samples, or take a longer reference");
    possible.ifPresent(
        count ->
            table.row(
                "possible",
                "%,d of %s under the source that made the reference",
                count,
                Counted.of(ours.size(), "sample")));
    table.print(spec.commandLine().getOut());
  }

  /** Returns the whole pieces of a text, or the text itself where it is shorter than one. */
  private List<int[]> pieces(int[] text, int length) {
    if (text.length == 0) {
      throw new InvalidDataException(
          reference, "is too short: a tenth of it is held out, and it has fewer than ten tokens");
    }
    List<int[]> pieces = new ArrayList<>();
    int piece = Math.min(length, text.length);
    for (int end = piece; end <= text.length; end += piece) {
      pieces.add(Arrays.copyOfRange(text, end - piece, end));
    }
    return pieces;
  }

  private void row(Table table, String label, SampleQuality of, String unit) {
    table.row(
        label,
        "%s bits per %s under %d-grams; unigram entropy %.4f bits",
        WithError.text(of.bitsPerToken(), of.bitsPerTokenStandardError()),
        unit,
        order,
        of.unigramEntropy());
  }

  private static ObjectNode json(SampleQuality of) {
    ObjectNode json = Json.object().put("bitsPerToken", of.bitsPerToken());
    Json.set(json, "bitsPerTokenStandardError", of.bitsPerTokenStandardError(), "a single sample");
    return json.put("unigramEntropy", of.unigramEntropy());
  }
}
