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

/** {@code md4 data tokens}. */
@Command(
    name = "tokens",
    description = "Prepares documents as tokens of GPT-2, of any tokenizer.json, or of your own.",
    sortOptions = false)
final class DataTokensCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--from",
      required = true,
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "Text, .jsonl or .parquet, raw or .gz, .xz, .zst or .zip; read in order, as a stream.")
  private List<Path> from;

  @Mixin private DataOutput output;

  @Option(
      names = "--vocabulary",
      paramLabel = "gpt2|bytes|chars|FILE",
      description =
          "What a token is. FILE is a tokenizer.json of Hugging Face's, or has one symbol a line."
              + " Default: gpt2.")
  private VocabularyChoice vocabulary = VocabularyChoice.parse("gpt2");

  @Option(
      names = "--documents",
      paramLabel = "file|lines|stripped|rows|until=LINE",
      description =
          "What a document of a text file is: the file, each line, each line without white space at"
              + " its ends, each line with its end, or all up to a line. Default: file.")
  private DocumentRule rule = new DocumentRule.WholeFile();

  @Option(
      names = "--field",
      paramLabel = "NAME",
      description = "The field of a JSON line, or the column, that is the text. Default: text.")
  private String field = "text";

  @Option(
      names = "--detokenize",
      paramLabel = "none|wikitext|ptb|lm1b|lambada",
      description = "Undo a corpus's own tokenization, document by document. Default: none.")
  private Detokenizer detokenizer = Detokenizer.NONE;

  @Option(
      names = "--pack",
      paramLabel = "stream|openwebtext|fineweb",
      description =
          "One stream; the paper's rows of OpenWebText, 2%% of each 10,000 documents' to valid; or"
              + " its rows of FineWeb. Default: stream.")
  private String pack = "stream";

  @Option(
      names = "--length",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "Tokens of a row, where rows are packed. Default: ${DEFAULT-VALUE}.")
  private int length = 1024;

  @Option(
      names = "--fractions",
      paramLabel = "TRAIN,VALID",
      description = "The shares of train and valid; each document is drawn. Default: 0.9,0.05.")
  private SplitFractions fractions = SplitFractions.STANDARD;

  @Option(
      names = "--split",
      paramLabel = "train|valid|test",
      description = "All documents are of this split; the files of others stay as they are.")
  private String split;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "What splits and shuffles are drawn from. Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Override
  public Integer call() throws IOException {
    DocumentTokens.Options options =
        new DocumentTokens.Options(documents(), vocabulary, packing(), output.existing());
    output.print(spec.commandLine().getOut(), prepare(options));
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
