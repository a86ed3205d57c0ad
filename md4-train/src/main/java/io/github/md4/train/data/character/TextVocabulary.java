// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.character;

import io.github.md4.core.Choices;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.internal.corpus.ByteLineEnds;
import io.github.md4.train.internal.corpus.Corpus;
import io.github.md4.train.internal.corpus.CorpusReader;
import io.github.md4.train.internal.corpus.UnixLines;
import io.github.md4.train.internal.data.SplitWriter;
import io.github.md4.train.internal.hash.Md5;
import java.io.IOException;
import java.nio.CharBuffer;
import java.security.MessageDigest;
import java.util.BitSet;
import java.util.List;

/** The kind of vocabulary of a plain text (docs/data.md). */
public enum TextVocabulary {
  /**
   * The distinct Unicode code points of the whole text, in order of their numbers; V is their
   * number.
   */
  CHARACTERS("chars") {
    @Override
    Census census(Corpus corpus) throws IOException {
      BitSet seen = new BitSet();
      long count = 0;
      try (CorpusReader bytes = corpus.readText()) {
        UnixLines reader = new UnixLines(bytes);
        for (CharBuffer text = reader.read(); text.hasRemaining(); text = reader.read()) {
          count += collect(text, seen);
        }
      }
      StringBuilder vocabulary = new StringBuilder();
      seen.stream().forEach(vocabulary::appendCodePoint);
      return count == 0
          ? new Census(new Tokenizer.Bytes(), 0) // the caller rejects it
          : new Census(new Tokenizer.Characters(vocabulary.toString()), count);
    }

    @Override
    Encoded encode(Corpus corpus, Tokenizer tokenizer, SplitWriter writer) throws IOException {
      try (CorpusReader bytes = corpus.readText()) {
        UnixLines reader = new UnixLines(bytes);
        for (CharBuffer text = reader.read(); text.hasRemaining(); text = reader.read()) {
          writer.write(tokenizer.encode(text));
        }
        return new Encoded(reader.md5(), reader.notes());
      }
    }
  },
  /** The 256 bytes, for any file; V is 256. */
  BYTES("bytes") {
    @Override
    Census census(Corpus corpus) throws IOException {
      byte[] buffer = new byte[BUFFER_BYTES];
      long count = 0;
      try (CorpusReader reader = corpus.read()) {
        for (int read = reader.fill(buffer); read > 0; read = reader.fill(buffer)) {
          count += read;
        }
      }
      return new Census(new Tokenizer.Bytes(), count);
    }

    @Override
    Encoded encode(Corpus corpus, Tokenizer tokenizer, SplitWriter writer) throws IOException {
      MessageDigest digest = Md5.start();
      byte[] buffer = new byte[BUFFER_BYTES];
      ByteLineEnds lineEnds = new ByteLineEnds();
      try (CorpusReader reader = corpus.read()) {
        for (int read = reader.fill(buffer); read > 0; read = reader.fill(buffer)) {
          digest.update(buffer, 0, read);
          lineEnds.add(buffer, read);
          writer.write(unsigned(buffer, read));
        }
      }
      return new Encoded(Md5.finish(digest), lineEnds.notes());
    }
  };

  private static final int BUFFER_BYTES = 1 << 18;

  private final String name;

  TextVocabulary(String name) {
    this.name = name;
  }

  /**
   * {@return the vocabulary written as {@code chars} or {@code bytes}}
   *
   * @param text the text, as the command line holds it
   * @throws IllegalArgumentException for any other text
   */
  public static TextVocabulary parse(String text) {
    return Choices.parse(values(), "vocabulary", text);
  }

  @Override
  public String toString() {
    return name;
  }

  /** The result of the first reading: the vocabulary and the number of tokens. */
  record Census(Tokenizer tokenizer, long count) {}

  /** Reads a text to the end and returns its vocabulary. */
  abstract Census census(Corpus corpus) throws IOException;

  /** The result of the second reading: the MD5 of the bytes, and what was left out or stayed. */
  record Encoded(String md5, List<String> notes) {}

  /** Reads a text to the end and writes its tokens. */
  abstract Encoded encode(Corpus corpus, Tokenizer tokenizer, SplitWriter writer)
      throws IOException;

  private static long collect(CharSequence text, BitSet seen) {
    long count = 0;
    for (int i = 0; i < text.length(); count++) {
      int codePoint = Character.codePointAt(text, i);
      seen.set(codePoint);
      i += Character.charCount(codePoint);
    }
    return count;
  }

  private static int[] unsigned(byte[] bytes, int count) {
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return ids;
  }
}
