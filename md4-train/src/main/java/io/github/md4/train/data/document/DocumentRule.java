// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.document;

import io.github.md4.core.Choices;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.internal.corpus.CorpusReader;
import io.github.md4.train.internal.corpus.Lines;
import io.github.md4.train.internal.document.FilePieces;
import io.github.md4.train.internal.document.LinePieces;
import io.github.md4.train.internal.document.Pieces;
import io.github.md4.train.internal.document.UntilPieces;
import java.util.List;

/** The rule that divides a plain text file, UTF-8, into documents (docs/data.md). */
public sealed interface DocumentRule {

  /**
   * {@return the documents of a text, closed by the caller}
   *
   * @hidden its types are internal
   * @param bytes the file's text, UTF-8, closed with the documents
   * @param tokenizer the tokenizer that will encode them, which tells where a long text may be cut
   */
  Pieces pieces(CorpusReader bytes, Tokenizer tokenizer);

  /** {@return whether a file may have several documents} */
  default boolean dividesFiles() {
    return true;
  }

  /**
   * {@return the rule written as {@code file}, {@code lines}, {@code stripped}, {@code rows} or
   * {@code until=LINE}}
   *
   * @param text the rule as {@code --documents} takes it
   * @throws IllegalArgumentException for any other text
   */
  static DocumentRule parse(String text) {
    if (text.startsWith(Until.PREFIX)) {
      return new Until(text.substring(Until.PREFIX.length()));
    }
    return switch (text) {
      case "file" -> new WholeFile();
      case "lines" -> new EachLine();
      case "stripped" -> new StrippedLines();
      case "rows" -> new WikiTextRows();
      default ->
          throw Choices.refusal(
              "documents", List.of("file", "lines", "stripped", "rows", "until=LINE"), text);
    };
  }

  /** One document for the whole file. */
  record WholeFile() implements DocumentRule {
    @Override
    public boolean dividesFiles() {
      return false;
    }

    /**
     * @hidden its types are internal
     */
    @Override
    public Pieces pieces(CorpusReader bytes, Tokenizer tokenizer) {
      return new FilePieces(bytes, tokenizer);
    }

    @Override
    public String toString() {
      return "file";
    }
  }

  /** One document for each line, without its end. */
  record EachLine() implements DocumentRule {
    /**
     * @hidden its types are internal
     */
    @Override
    public Pieces pieces(CorpusReader bytes, Tokenizer tokenizer) {
      return new LinePieces(new Lines(bytes), line -> line);
    }

    @Override
    public String toString() {
      return "lines";
    }
  }

  /**
   * One document for each line, without white space at its ends: the rows of PTB and 1BW as Hugging
   * Face's data sets have them.
   */
  record StrippedLines() implements DocumentRule {
    /**
     * @hidden its types are internal
     */
    @Override
    public Pieces pieces(CorpusReader bytes, Tokenizer tokenizer) {
      return new LinePieces(new Lines(bytes), String::strip);
    }

    @Override
    public String toString() {
      return "stripped";
    }
  }

  /**
   * One document for each line with its end, an empty one for a blank line: the rows of WikiText as
   * Hugging Face's data sets have them.
   */
  record WikiTextRows() implements DocumentRule {
    /**
     * @hidden its types are internal
     */
    @Override
    public Pieces pieces(CorpusReader bytes, Tokenizer tokenizer) {
      return new LinePieces(new Lines(bytes), line -> line.isBlank() ? "" : line + "\n");
    }

    @Override
    public String toString() {
      return "rows";
    }
  }

  /**
   * One document up to each line that equals {@code line}, and one up to the end of the file.
   *
   * @param line the separator, not empty, which no document contains
   */
  record Until(String line) implements DocumentRule {
    private static final String PREFIX = "until=";

    /**
     * Checks the separator.
     *
     * @param line the separator, not empty, which no document contains
     * @throws IllegalArgumentException if {@code line} is empty
     */
    public Until {
      if (line.isEmpty()) {
        throw new IllegalArgumentException("documents must name a line that ends them: until=");
      }
    }

    /**
     * @hidden its types are internal
     */
    @Override
    public Pieces pieces(CorpusReader bytes, Tokenizer tokenizer) {
      return new UntilPieces(new Lines(bytes), line);
    }

    @Override
    public String toString() {
      return PREFIX + line;
    }
  }
}
