// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.character;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer.Characters;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.internal.corpus.Corpus;
import io.github.md4.train.internal.corpus.CorpusReader;
import io.github.md4.train.internal.data.NewFolders;
import io.github.md4.train.internal.data.SplitWriter;
import io.github.md4.train.internal.hash.Md5;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;

/**
 * The preparation of text8, and of texts of its 27 characters, as token files (spec, Section 7.1).
 *
 * <p>A to z become 0 to 25, space becomes 26. The reference maps every character below {@code a} to
 * space. Here it is an error, since text8 has none of these and a stray line end would be hidden.
 * The text is split by position, 90/5/5, which for text8 is 90, 5 and 5 million.
 */
public final class Text8 {
  /** The value of {@link io.github.md4.core.token.Provenance#source}. */
  public static final String SOURCE = "text8";

  private static final int VERSION = 1;
  private static final String NAME = "text8";
  private static final String NAME_OF_OTHERS = "text8-like";
  private static final String MD5 = "3bea1919949baf155f99411df5fada7e"; // of 100,000,000 bytes
  private static final int BUFFER_BYTES = 1 << 18;

  private Text8() {}

  /**
   * {@return whether a data set is text8 itself, by its MD5}
   *
   * @param data what was written
   */
  public static boolean isText8(PreparedData data) {
    return data.md5().equals(MD5);
  }

  /**
   * Writes {@code train}, {@code valid} and {@code test} ({@code .bin} in uint8, with {@code
   * .json}).
   *
   * <p>Text8 itself has its own name; another text has the name of its file, or of the folder of
   * several files.
   *
   * @param from the text, plain or as {@code .zip}, {@code .gz}, {@code .zst} or {@code .xz};
   *     several files are joined in order; at least one
   * @param out the folder, created if it does not exist
   * @param existing the treatment of existing files
   * @return the description of what was written
   * @throws InvalidDataException if the text is missing, empty, too short to split, damaged or not
   *     of text8's alphabet, or if {@code out} may not be written
   * @throws IOException if a file cannot be read or written
   */
  public static PreparedData prepare(List<Path> from, Path out, Existing existing)
      throws IOException {
    Corpus corpus = new Corpus(from);
    try (NewFolders made = new NewFolders(out)) {
      existing.prepare(made.folder());
      Census census = census(corpus);
      String name = name(corpus, census.md5());
      SplitWriter.DataSet data =
          new SplitWriter.DataSet(name, Characters.TEXT8, corpus.provenance(SOURCE, VERSION));
      List<Long> counts = PlainText.split(corpus, SplitFractions.STANDARD, census.count());
      return new PreparedData(name, census.md5(), write(corpus, out, data, counts), List.of());
    }
  }

  private record Census(long count, String md5) {}

  private static Census census(Corpus corpus) throws IOException {
    MessageDigest digest = Md5.start();
    byte[] bytes = new byte[BUFFER_BYTES];
    long count = 0;
    try (CorpusReader reader = corpus.read()) {
      for (int read = reader.fill(bytes); read > 0; read = reader.fill(bytes)) {
        checkAlphabet(reader, bytes, read, count);
        digest.update(bytes, 0, read);
        count += read;
      }
    }
    return new Census(count, Md5.finish(digest));
  }

  private static void checkAlphabet(CorpusReader reader, byte[] bytes, int count, long offset) {
    for (int i = 0; i < count; i++) {
      if (bytes[i] != ' ' && (bytes[i] < 'a' || bytes[i] > 'z')) {
        CorpusReader.Place place = reader.place(offset + i);
        throw new InvalidDataException(
            place.file(),
            "not text8: byte 0x%02X at offset %d; a to z and space alone may occur"
                .formatted(bytes[i], place.offset()));
      }
    }
  }

  private static String name(Corpus corpus, String md5) {
    String name = corpus.name();
    if (md5.equals(MD5)) {
      return NAME;
    }
    return name.equals(NAME) ? NAME_OF_OTHERS : name;
  }

  private static List<TokenFileInfo> write(
      Corpus corpus, Path out, SplitWriter.DataSet data, List<Long> counts) throws IOException {
    byte[] bytes = new byte[BUFFER_BYTES];
    try (CorpusReader reader = corpus.read();
        SplitWriter writer = new SplitWriter(out, data, counts)) {
      for (int read = reader.fill(bytes); read > 0; read = reader.fill(bytes)) {
        writer.write(ids(bytes, read));
      }
      return writer.finish();
    }
  }

  private static int[] ids(byte[] bytes, int count) {
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = bytes[i] == ' ' ? 'z' - 'a' + 1 : bytes[i] - 'a';
    }
    return ids;
  }
}
