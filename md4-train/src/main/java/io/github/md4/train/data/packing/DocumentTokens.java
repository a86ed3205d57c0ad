// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.DataSplit;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.TextDefects;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.data.document.DocumentRule;
import io.github.md4.train.internal.corpus.Corpus;
import io.github.md4.train.internal.data.NewFolders;
import io.github.md4.train.internal.data.SmallSplits;
import io.github.md4.train.internal.encoding.DocumentEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongConsumer;

/** The preparation of documents as token files (docs/data.md). */
public final class DocumentTokens {
  /** The value of {@link Provenance#source}. */
  public static final String SOURCE = "documents";

  private static final int VERSION = 2;

  private DocumentTokens() {}

  /**
   * The settings of the preparation.
   *
   * @param documents the rules of reading
   * @param vocabulary the vocabulary, or how it is made
   * @param packing how documents become sequences
   * @param existing the treatment of existing files
   */
  public record Options(
      DocumentOptions documents,
      VocabularyChoice vocabulary,
      TokenPacking packing,
      Existing existing) {
    /**
     * Checks that all are there.
     *
     * @param documents the rules of reading
     * @param vocabulary the vocabulary, or how it is made
     * @param packing how documents become sequences
     * @param existing the treatment of existing files
     * @throws NullPointerException if one is null
     */
    public Options {
      Objects.requireNonNull(documents, "documents");
      Objects.requireNonNull(vocabulary, "vocabulary");
      Objects.requireNonNull(packing, "packing");
      Objects.requireNonNull(existing, "existing");
    }
  }

  /**
   * A data set that was written.
   *
   * @param name the name of the data set: that of its file, or of the folder of several
   * @param splits the descriptions of the files, train first
   * @param documents the number of documents that were read
   * @param textBytes the number of UTF-8 bytes that were encoded
   * @param dropped the number of tokens that no file has, cut off or left over
   * @param padding the number of tokens that fill rows and stand for no text
   * @param defects the numbers of documents that were left out or mended
   * @param notes what was left out, changed or may surprise, in sentences
   */
  public record Prepared(
      String name,
      List<TokenFileInfo> splits,
      long documents,
      long textBytes,
      long dropped,
      long padding,
      TextDefects defects,
      List<String> notes) {
    /**
     * Copies the lists.
     *
     * @param name the name of the data set: that of its file, or of the folder of several
     * @param splits the descriptions of the files, train first
     * @param textBytes the number of UTF-8 bytes that were encoded
     * @param dropped the number of tokens that no file has, cut off or left over
     * @param padding the number of tokens that fill rows and stand for no text
     * @param defects the numbers of documents that were left out or mended
     * @param notes what was left out, changed or may surprise, in sentences
     * @param documents the number of documents that were read
     */
    public Prepared {
      splits = List.copyOf(splits);
      notes = List.copyOf(notes);
    }

    /** {@return the number of tokens of all splits, padding included} */
    public long tokens() {
      return splits.stream().mapToLong(TokenFileInfo::count).sum();
    }

    /** {@return the mean number of bytes of UTF-8 text per token, over all that were encoded} */
    public double bytesPerToken() {
      return (double) textBytes / (tokens() + dropped - padding);
    }
  }

  /**
   * Reads documents once (twice for a vocabulary of their characters), encodes them on all cores,
   * and writes token files with their JSON files.
   *
   * @param from files of text, JSON lines or Parquet by their names, plain or compressed by gzip,
   *     xz, zstd or zip; at least one
   * @param out the folder, created if it does not exist
   * @param options rules of reading, vocabulary, packing and splits
   * @return the description of what was written
   * @throws InvalidDataException if a file is missing, damaged or holds no text, or if {@code out}
   *     may not be written
   * @throws IOException if a file cannot be read or written
   */
  public static Prepared prepare(List<Path> from, Path out, Options options) throws IOException {
    return prepare(from, out, options, documents -> {});
  }

  /**
   * Prepares documents as {@link #prepare(List, Path, Options)} does, with its exceptions.
   *
   * @param from files of text, JSON lines or Parquet, plain or compressed; at least one
   * @param out the folder, created if it does not exist
   * @param options rules of reading, vocabulary, packing and splits
   * @param progress hears the number of documents that are done, after each, on this thread
   * @return the description of what was written
   * @throws IOException if a file cannot be read or written
   */
  public static Prepared prepare(List<Path> from, Path out, Options options, LongConsumer progress)
      throws IOException {
    return prepared(
        new Corpus(from),
        out,
        options,
        new Source() {
          @Override
          public Provenance provenance(Corpus corpus, String settings) throws IOException {
            return corpus.provenance(SOURCE, VERSION, settings);
          }

          @Override
          public DocumentEncoder.Counts encode(Tokenizer tokenizer, DocumentEncoder.Sink sink)
              throws IOException {
            return DocumentTokens.encode(from, options, tokenizer, counted(sink, progress));
          }
        });
  }

  /**
   * Writes what {@link #prepare(List, Path, Options)} writes, of documents that were encoded in
   * parts.
   *
   * @param from the files of the documents
   * @param encoded the encodings of the files {@code from}, in their order
   * @param out the folder, created if it does not exist
   * @param options rules of reading, vocabulary, packing and splits
   * @param progress hears the number of documents that are done, after each, on this thread
   * @return the description of what was written
   * @throws InvalidDataException also if an encoding is missing, damaged or of another file
   * @throws IOException if a file cannot be read or written
   */
  public static Prepared join(
      List<Path> from, List<EncodedFile> encoded, Path out, Options options, LongConsumer progress)
      throws IOException {
    return prepared(
        new Corpus(from),
        out,
        options,
        new Source() {
          @Override
          public Provenance provenance(Corpus corpus, String settings) {
            return new Provenance(
                SOURCE, VERSION, settings, encoded.stream().map(EncodedFile::source).toList());
          }

          @Override
          public DocumentEncoder.Counts encode(Tokenizer tokenizer, DocumentEncoder.Sink sink)
              throws IOException {
            DocumentEncoder.Sink counted = counted(sink, progress);
            DocumentEncoder.Counts counts = DocumentEncoder.Counts.NONE;
            for (EncodedFile file : encoded) {
              counts = counts.plus(file.read(counted));
            }
            return counts;
          }
        });
  }

  /** Encoded documents, in order. */
  private interface Source {
    Provenance provenance(Corpus corpus, String settings) throws IOException;

    DocumentEncoder.Counts encode(Tokenizer tokenizer, DocumentEncoder.Sink sink)
        throws IOException;
  }

  private static Prepared prepared(Corpus corpus, Path out, Options options, Source source)
      throws IOException {
    try (NewFolders made = new NewFolders(out)) {
      options.existing().prepare(made.folder(), options.packing().splits());
      Tokenizer tokenizer = options.vocabulary().tokenizer(corpus.files(), options.documents());
      DataSplit content =
          new DataSplit(
              corpus.name(),
              "",
              tokenizer,
              source.provenance(corpus, settings(options)),
              options.packing().rowLength());
      try (TokenSplits splits = new TokenSplits(out, content)) {
        TokenPacking.Packer packer = options.packing().packer(splits, tokenizer);
        DocumentEncoder.Counts counts = source.encode(tokenizer, packer);
        if (counts.textBytes() == 0) {
          throw new InvalidDataException(
              corpus.files().get(0),
              "holds no text: documents read, all of them empty: " + counts.documents());
        }
        packer.finish();
        List<TokenFileInfo> written = splits.finish();
        if (written.isEmpty()) {
          throw new InvalidDataException(
              corpus.files().get(0),
              "is too short: its documents fill no file, %d in all".formatted(counts.documents()));
        }
        List<String> notes = new ArrayList<>(counts.allNotes());
        if (counts.documents() > 1 && losesLineEnds(options.documents().rule(), tokenizer)) {
          notes.add(
              "lines are joined without their ends, as no character closes a document;"
                  + " --documents rows keeps the ends");
        }
        List<TokenFileInfo> whole =
            whole(written, out, options.packing(), counts.documents(), notes);
        SmallSplits.note(whole).ifPresent(notes::add);
        return new Prepared(
            content.dataSet(),
            whole,
            counts.documents(),
            counts.textBytes(),
            packer.dropped(),
            packer.padding(),
            counts.defects(),
            notes);
      }
    }
  }

  /** Returns whether lines of a text run together; those of symbols, as of DNA, may well. */
  private static boolean losesLineEnds(DocumentRule rule, Tokenizer tokenizer) {
    boolean isText =
        tokenizer instanceof Tokenizer.Characters || tokenizer instanceof Tokenizer.Bytes;
    return isText
        && (rule instanceof DocumentRule.EachLine || rule instanceof DocumentRule.StrippedLines);
  }

  /**
   * Returns the splits, after a single document was cut, and adds a note where that was done or a
   * split is absent.
   */
  private static List<TokenFileInfo> whole(
      List<TokenFileInfo> written,
      Path out,
      TokenPacking packing,
      long documents,
      List<String> notes)
      throws IOException {
    Optional<SplitFractions> shares = packing.sharesOfOne();
    if (documents == 1 && shares.isPresent()) {
      LoneDocument lone = new LoneDocument(out, written.get(0));
      if (lone.canBeCut(shares.get())) {
        notes.add("one document, so the splits are parts of it, by position");
        return lone.cut(shares.get());
      }
    }
    List<String> absent = new ArrayList<>(packing.expectedSplits());
    written.forEach(split -> absent.remove(split.split()));
    if (!absent.isEmpty()) {
      notes.add(
          "no document for %s, of %d in all; divide the text by --documents, or take another --seed"
              .formatted(String.join(" and ", absent), documents));
    }
    return written;
  }

  private static DocumentEncoder.Sink counted(DocumentEncoder.Sink sink, LongConsumer progress) {
    long[] documents = new long[1];
    return piece -> {
      sink.take(piece);
      documents[0] += piece.isLast() ? 1 : 0;
      progress.accept(documents[0]);
    };
  }

  static DocumentEncoder.Counts encode(
      List<Path> from, Options options, Tokenizer tokenizer, DocumentEncoder.Sink sink)
      throws IOException {
    try (DocumentEncoder encoder = new DocumentEncoder(options.documents(), tokenizer, sink)) {
      return encoder.encode(from);
    }
  }

  private static String settings(Options options) {
    return "documents %s, field %s, detokenizer %s, %s"
        .formatted(
            options.documents().rule(),
            options.documents().field(),
            options.documents().detokenizer(),
            options.packing());
  }
}
