// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.document;

import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.internal.corpus.CorpusReader;
import io.github.md4.train.internal.corpus.UnixLines;
import java.io.IOException;
import java.nio.CharBuffer;
import java.util.List;
import java.util.Optional;

/** The pieces of a text that is one document, cut where its tokenizer allows it. */
public final class FilePieces implements Pieces {
  private static final int TARGET_CHARS = 1 << 20;

  private final CorpusReader bytes;
  private final UnixLines reader;
  private final Tokenizer tokenizer;
  private final StringBuilder pending = new StringBuilder();
  private boolean isAtEnd;

  public FilePieces(CorpusReader bytes, Tokenizer tokenizer) {
    this.bytes = bytes;
    this.reader = new UnixLines(bytes);
    this.tokenizer = tokenizer;
  }

  @Override
  public Optional<Piece> next() throws IOException {
    if (isAtEnd) {
      return Optional.empty();
    }
    int wanted = TARGET_CHARS;
    while (true) {
      isAtEnd = !read(wanted);
      int seam = isAtEnd ? pending.length() : tokenizer.seam(pending);
      if (isAtEnd || seam > 0) {
        Piece piece = new Piece(pending.substring(0, seam), isAtEnd);
        pending.delete(0, seam);
        return Optional.of(piece);
      }
      wanted = Math.multiplyExact(2, pending.length());
    }
  }

  /** Reads until {@code count} characters are pending; returns false at the end of the text. */
  private boolean read(int wanted) throws IOException {
    while (pending.length() < wanted) {
      CharBuffer chars = reader.read();
      if (!chars.hasRemaining()) {
        return false;
      }
      pending.append(chars);
    }
    return true;
  }

  @Override
  public List<String> notes() {
    return reader.notes();
  }

  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
