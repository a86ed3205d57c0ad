// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.data;

import io.github.md4.cli.support.ExitCodes;
import io.github.md4.cli.support.OptionTypes;
import io.github.md4.cli.support.Progress;
import io.github.md4.cli.support.Usage;
import io.github.md4.train.data.Detokenizer;
import io.github.md4.train.data.DocumentOptions;
import io.github.md4.train.data.DocumentRule;
import io.github.md4.train.data.DocumentSplit;
import io.github.md4.train.data.DocumentTokens;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.TokenPacking;
import io.github.md4.train.data.VocabularyChoice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 data tokens}. */
@Command(
    name = "tokens",
    description =
        "Prepares documents as tokens of GPT-2, of any tokenizer.json, or of your own"
            + " symbols.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 data tokens --from a.jsonl b.parquet --out data/docs",
      "  md4 data tokens --from genome.txt --vocabulary dna.txt --out data/dna"
    })
final class DataTokensCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--from",
      required = true,
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "The documents: text, .jsonl or .parquet, plain or as .gz, .xz, .zst or .zip."
              + " They are read in order, as a stream.")
  private List<Path> from;

  @Mixin private DataOutput output;

  @Option(
      names = "--vocabulary",
      paramLabel = "gpt2|bytes|chars|FILE",
      description =
          "The vocabulary. FILE is a tokenizer.json of Hugging Face, or has one symbol"
              + " per line. Default: gpt2.")
  private VocabularyChoice vocabulary = VocabularyChoice.parse("gpt2");

  @Option(
      names = "--documents",
      paramLabel = "file|lines|stripped|rows|until=LINE",
      description =
          "The documents of a text file: the file, each line, each line without white"
              + " space at its ends, each line with its end, or everything up to a certain"
              + " line. Default: file.")
  private DocumentRule rule = new DocumentRule.WholeFile();

  @Option(
      names = "--field",
      paramLabel = "NAME",
      description =
          "The field of a JSON line, or the column of a table, that has the text."
              + " Default: text.")
  private String field = "text";

  @Option(
      names = "--detokenize",
      paramLabel = "none|wikitext|ptb|lm1b|lambada",
      description =
          "Undo the tokenization of a published corpus, document by document. Default:" + " none.")
  private Detokenizer detokenizer = Detokenizer.NONE;

  @Option(
      names = "--pack",
      paramLabel = "stream|openwebtext|fineweb",
      description =
          "One stream of tokens; the paper's rows of OpenWebText, 2%% of the rows of each"
              + " 10,000 documents for valid; or its rows of FineWeb. Default: stream.")
  private String pack = "stream";

  @Option(
      names = "--length",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description =
          "The number of tokens in a row of openwebtext or fineweb. Default:"
              + " ${DEFAULT-VALUE}.")
  private int length = 1024;

  @Option(
      names = "--fractions",
      paramLabel = "TRAIN,VALID",
      description =
          "The probabilities of train and valid for each document; test gets the rest."
              + " Default: 0.9,0.05.")
  private SplitFractions fractions = SplitFractions.STANDARD;

  @Option(
      names = "--split",
      paramLabel = "train|valid|test",
      description =
          "Put all documents into this split; the files of the other splits stay as they" + " are.")
  private String split;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "The seed of splits and shuffles. Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Override
  public Integer call() throws IOException {
    DocumentTokens.Options options =
        new DocumentTokens.Options(documents(), vocabulary, packing(), output.existing());
    output.print(spec, prepare(options));
    return ExitCodes.DONE;
  }

  private DocumentTokens.Prepared prepare(DocumentTokens.Options options) throws IOException {
    try (Progress progress = Progress.start("documents", 0, Progress.UNKNOWN)) {
      return DocumentTokens.prepare(
          from, output.folder(), options, documents -> progress.at(documents, ""));
    }
  }

  private DocumentOptions documents() {
    try {
      return new DocumentOptions(rule, field, detokenizer);
    } catch (IllegalArgumentException e) {
      throw Usage.error(spec, e.getMessage());
    }
  }

  private TokenPacking packing() {
    try {
      return switch (pack) {
        case "stream" -> new TokenPacking.Stream(documentSplit());
        case "fineweb" ->
            new TokenPacking.FineWeb(length, TokenPacking.FineWeb.BINS, documentSplit());
        case "openwebtext" ->
            new TokenPacking.OpenWebText(length, TokenPacking.OpenWebText.GROUP, seed);
        default ->
            throw new IllegalArgumentException(
                "pack must be stream, openwebtext or fineweb: " + pack);
      };
    } catch (IllegalArgumentException e) {
      throw Usage.error(spec, e.getMessage());
    }
  }

  private DocumentSplit documentSplit() {
    return split == null
        ? new DocumentSplit.ByShare(fractions, seed)
        : new DocumentSplit.One(split);
  }
}
