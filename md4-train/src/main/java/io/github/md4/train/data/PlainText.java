// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFileInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Any text as token files of its characters or of its bytes. */
public final class PlainText {
  /** What {@link io.github.md4.core.token.Provenance#source} says. */
  public static final String SOURCE = "text";

  private static final int VERSION = 1;

  private PlainText() {}

  /**
   * How a text is prepared.
   *
   * @param vocabulary what a token is
   * @param fractions the shares of train, valid and test
   * @param existing what happens to files already there
   */
  public record Options(TextVocabulary vocabulary, SplitFractions fractions, Existing existing) {}

  /**
   * Writes {@code train}, {@code valid} and {@code test} ({@code .bin} in the smallest type that
   * holds the vocabulary, with {@code .json}).
   *
   * <p>The text is read twice and never held. It is taken as it is, line ends and a byte order mark
   * included. The data set has the name of its file, or of its folder where the files are several.
   *
   * @param from the text, raw or as {@code .zip}, {@code .gz} or {@code .xz}; several files are
   *     joined in order
   * @param out the folder, made if absent
   * @throws InvalidDataException if the text is missing, empty, damaged, too short to split, or for
   *     characters not UTF-8, or if {@code out} may not be written
   */
  public static PreparedData prepare(List<Path> from, Path out, Options options)
      throws IOException {
    Corpus corpus = new Corpus(from);
    options.existing().prepare(out);
    TextVocabulary.Census census = options.vocabulary().census(corpus);
    List<Long> counts = split(corpus, options.fractions(), census.count());
    SplitWriter.DataSet data =
        new SplitWriter.DataSet(
            corpus.name(), census.tokenizer(), corpus.provenance(SOURCE, VERSION));
    try (SplitWriter writer = new SplitWriter(out, data, counts)) {
      String md5 = options.vocabulary().encode(corpus, census.tokenizer(), writer);
      List<TokenFileInfo> splits = writer.finish();
      return new PreparedData(data.name(), md5, splits);
    }
  }

  /** Returns the tokens of each split; a text too short is the first file's fault. */
  static List<Long> split(Corpus corpus, SplitFractions fractions, long count) {
    Path file = corpus.files().get(0);
    if (count == 0) {
      throw new InvalidDataException(file, "empty; a text is expected");
    }
    try {
      return fractions.counts(count);
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(file, e.getMessage() + "; take a longer text", e);
    }
  }
}
