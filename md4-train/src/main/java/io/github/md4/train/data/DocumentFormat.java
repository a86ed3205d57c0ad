// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The format of a file of documents, told by its name without the ending of its compression. */
enum DocumentFormat {
  PARQUET {
    @Override
    Pieces open(Path file, DocumentOptions options, Tokenizer tokenizer) throws IOException {
      return ParquetPieces.open(file, options.field());
    }
  },
  JSON_LINES {
    @Override
    Pieces open(Path file, DocumentOptions options, Tokenizer tokenizer) {
      return new JsonLinesPieces(file, new Lines(bytes(file)), options.field());
    }
  },
  TEXT {
    @Override
    Pieces open(Path file, DocumentOptions options, Tokenizer tokenizer) {
      return options.rule().pieces(bytes(file), tokenizer);
    }
  };

  /** Opens the documents of a file; the caller closes them. */
  abstract Pieces open(Path file, DocumentOptions options, Tokenizer tokenizer) throws IOException;

  static DocumentFormat of(Path file) {
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
