// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.character;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.internal.corpus.Corpus;
import io.github.md4.train.internal.data.NewFolders;
import io.github.md4.train.internal.data.SmallSplits;
import io.github.md4.train.internal.data.SplitWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The preparation of any text as token files of its characters or bytes (docs/data.md). */
public final class PlainText {
  /** The value of {@link io.github.md4.core.token.Provenance#source}. */
  public static final String SOURCE = "text";

  private static final int VERSION = 2;

  private PlainText() {}

  /**
   * The settings of the preparation.
   *
   * @param vocabulary characters or bytes
   * @param fractions the shares of train, valid and test
   * @param existing the treatment of existing files
   */
  public record Options(TextVocabulary vocabulary, SplitFractions fractions, Existing existing) {
    /**
     * Checks that all are there.
     *
     * @param vocabulary characters or bytes
     * @param fractions the shares of train, valid and test
     * @param existing the treatment of existing files
     * @throws NullPointerException if one is null
     */
    public Options {
      Objects.requireNonNull(vocabulary, "vocabulary");
      Objects.requireNonNull(fractions, "fractions");
      Objects.requireNonNull(existing, "existing");
    }
  }

  /**
   * Writes {@code train}, {@code valid} and {@code test} ({@code .bin} in the smallest type that
   * holds the vocabulary, with {@code .json}).
   *
   * <p>The text is read twice and not held in memory. Bytes stay as they are. Of characters, a byte
   * order mark is left out, and {@code \r\n} becomes {@code \n}; the notes of the result say so.
   * The data set has the name of its file, or of the folder of several files.
   *
   * @param from the text, plain or as {@code .zip}, {@code .gz}, {@code .zst} or {@code .xz};
   *     several files are joined in order; at least one
   * @param out the folder, created if it does not exist
   * @param options vocabulary, shares of the splits, and what happens to files that are there
   * @return the description of what was written
   * @throws InvalidDataException if the text is missing, empty, damaged or too short to split; if
   *     it is not UTF-8, for characters; or if {@code out} may not be written
   * @throws IOException if a file cannot be read or written
   */
  public static PreparedData prepare(List<Path> from, Path out, Options options)
      throws IOException {
    Corpus corpus = new Corpus(from);
    try (NewFolders made = new NewFolders(out)) {
      options.existing().prepare(made.folder());
      TextVocabulary.Census census = options.vocabulary().census(corpus);
      List<Long> counts = split(corpus, options.fractions(), census.count());
      SplitWriter.DataSet data =
          new SplitWriter.DataSet(
              corpus.name(), census.tokenizer(), corpus.provenance(SOURCE, VERSION));
      try (SplitWriter writer = new SplitWriter(out, data, counts)) {
        TextVocabulary.Encoded encoded =
            options.vocabulary().encode(corpus, census.tokenizer(), writer);
        List<TokenFileInfo> splits = writer.finish();
        List<String> notes = new ArrayList<>(encoded.notes());
        SmallSplits.note(splits).ifPresent(notes::add);
        return new PreparedData(data.name(), encoded.md5(), splits, notes);
      }
    }
  }

  /**
   * Returns the number of tokens of each split.
   *
   * @throws InvalidDataException naming the first file, if the text is too short
   */
  static List<Long> split(Corpus corpus, SplitFractions fractions, long count) {
    Path file = corpus.files().get(0);
    if (count == 0) {
      throw new InvalidDataException(file, "is empty; it must have a text");
    }
    try {
      return fractions.counts(count);
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(file, e.getMessage() + "; take a longer text", e);
    }
  }
}
