// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.data;

import ai.djl.Device;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.parts.Parts;
import io.github.md4.cli.screen.Progress;
import io.github.md4.core.Choices;
import io.github.md4.core.Division;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.token.Sha256;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.document.Detokenizer;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.data.document.DocumentRule;
import io.github.md4.train.data.packing.DocumentSplit;
import io.github.md4.train.data.packing.DocumentTokens;
import io.github.md4.train.data.packing.EncodedFile;
import io.github.md4.train.data.packing.PartEncoder;
import io.github.md4.train.data.packing.TokenPacking;
import io.github.md4.train.data.packing.VocabularyChoice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
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
  /** The end of the name of the file with a part's ids. */
  private static final String IDS = ".ids";

  @Spec private CommandSpec spec;

  @Option(
      names = "--from",
      required = true,
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "The documents: text, .jsonl or .parquet; or one of these as .gz, .xz, .zst or .zip."
              + " They are read in order, as a stream.")
  private List<Path> from;

  @Mixin private DataOutput output;

  @Option(
      names = "--vocabulary",
      paramLabel = "gpt2|bytes|chars|FILE",
      description =
          "The vocabulary. FILE is a tokenizer.json of Hugging Face, or has one symbol"
              + " per line; or it is the folder of a model, whose vocabulary is taken."
              + " Default: gpt2.")
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

  @Mixin private Parts parts;

  @Override
  public Integer call() throws IOException {
    DocumentTokens.Options options =
        new DocumentTokens.Options(documents(), vocabulary, packing(), output.existing());
    parts.check(spec);
    DeviceChoice.checkLibraries();
    if (!parts.isDivided()) {
      return report(prepare(options));
    }
    Tokenizer tokenizer = vocabulary.tokenizer(from, options.documents());
    return parts.run(
        spec,
        Device.cpu(),
        () -> Sha256.of(tokenizer.toJson().toString().getBytes(StandardCharsets.UTF_8)),
        (division, out) -> {
          List<EncodedFile> encoded = encoded(division, options, tokenizer);
          return () -> report(joined(encoded, options));
        });
  }

  private int report(DocumentTokens.Prepared prepared) {
    output.warnOfRepeats(spec, from);
    output.print(spec, prepared);
    return ExitCodes.DONE;
  }

  /** Returns the encodings of all files, once all are known; encodes those of one part. */
  private List<EncodedFile> encoded(
      Division division, DocumentTokens.Options options, Tokenizer tokenizer) throws IOException {
    List<Path> ids = parts.beside(IDS);
    List<EncodedFile> all = new ArrayList<>();
    if (!parts.isWriter()) {
      AtomicWrite.file(ids.get(0), file -> encode(file, division, options, tokenizer));
      return all;
    }
    List<Optional<byte[]>> texts = rounds(division, DataTokensCommand::refuse);
    for (int i = 0; i < texts.size(); i++) {
      all.add(EncodedFile.of(from.get(i), ids.get(i % ids.size()), texts.get(i).orElseThrow()));
    }
    return all;
  }

  private void encode(
      Path ids, Division division, DocumentTokens.Options options, Tokenizer tokenizer)
      throws IOException {
    try (Progress progress = Progress.start("documents", 0, Progress.UNKNOWN);
        PartEncoder encoder =
            PartEncoder.create(ids, options, tokenizer, documents -> progress.at(documents, ""))) {
      List<Optional<byte[]>> unused = rounds(division, encoder::encode);
    }
  }

  /** The encoding of a file. */
  @FunctionalInterface
  private interface Encoding {
    byte[] of(Path file) throws IOException;
  }

  private static byte[] refuse(Path file) {
    throw new IllegalStateException("is encoded by its part: " + file);
  }

  /** Divides the files, and returns what is known of each. */
  private List<Optional<byte[]>> rounds(Division division, Encoding encoding) {
    List<Optional<byte[]>> all = new ArrayList<>();
    for (int first = 0; first < from.size(); first += division.parts()) {
      int end = Math.min(first + division.parts(), from.size());
      List<Supplier<byte[]>> items = new ArrayList<>();
      for (Path file : from.subList(first, end)) {
        items.add(() -> now(encoding, file));
      }
      all.addAll(division.round(items));
    }
    return all;
  }

  private static byte[] now(Encoding encoding, Path file) {
    try {
      return encoding.of(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private DocumentTokens.Prepared joined(List<EncodedFile> encoded, DocumentTokens.Options options)
      throws IOException {
    try (Progress progress = Progress.start("documents", 0, Progress.UNKNOWN)) {
      return DocumentTokens.join(
          from, encoded, output.folder(), options, documents -> progress.at(documents, ""));
    }
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
        default -> throw Choices.refusal("pack", List.of("stream", "openwebtext", "fineweb"), pack);
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
