// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.document;

import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.internal.corpus.Compression;
import io.github.md4.train.internal.corpus.CorpusReader;
import io.github.md4.train.internal.corpus.Lines;
import io.github.md4.train.internal.document.JsonLinesPieces;
import io.github.md4.train.internal.document.ParquetPieces;
import io.github.md4.train.internal.document.Pieces;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The format of a file of documents, told by its name without the ending of its compression. */
public enum DocumentFormat {
  /** Apache Parquet, a document in each row. */
  PARQUET {
    @Override
    public Pieces open(Path file, DocumentOptions options, Tokenizer tokenizer) throws IOException {
      return ParquetPieces.open(file, options.field());
    }
  },
  /** A JSON object on each line, a document in each. */
  JSON_LINES {
    @Override
    public Pieces open(Path file, DocumentOptions options, Tokenizer tokenizer) {
      return new JsonLinesPieces(file, new Lines(bytes(file)), options.field());
    }
  },
  /** Any other file: text, cut into documents by a rule. */
  TEXT {
    @Override
    public Pieces open(Path file, DocumentOptions options, Tokenizer tokenizer) {
      return options.rule().pieces(bytes(file), tokenizer);
    }
  };

  /**
   * Opens the documents of a file; the caller closes them.
   *
   * @hidden its result is internal
   * @param file a file of this format, compressed or not
   * @param options the rules of reading
   * @param tokenizer the vocabulary, which tells where a long text may be cut
   * @return the documents, in pieces
   * @throws IOException if the file cannot be read
   */
  public abstract Pieces open(Path file, DocumentOptions options, Tokenizer tokenizer)
      throws IOException;

  /**
   * {@return the format of a file}
   *
   * @param file the file, of which only the name is looked at
   */
  public static DocumentFormat of(Path file) {
    String name = Compression.unpackedName(file).toLowerCase(Locale.ROOT);
    if (name.endsWith(".parquet")) {
      return PARQUET;
    }
    boolean isJson = name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json");
    return isJson ? JSON_LINES : TEXT;
  }

  private static CorpusReader bytes(Path file) {
    return CorpusReader.ofTexts(List.of(file));
  }
}
