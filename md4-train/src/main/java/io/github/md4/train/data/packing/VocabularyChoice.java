// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.Gpt2Tokenizer;
import io.github.md4.core.token.HuggingFaceJson;
import io.github.md4.core.token.SymbolTokenizer;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.document.DocumentFormat;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.internal.document.Piece;
import io.github.md4.train.internal.document.Pieces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** The choice of the vocabulary of documents (docs/data.md). */
public sealed interface VocabularyChoice {

  /**
   * {@return the vocabulary for these files}
   *
   * @param files the files of documents, at least one
   * @param options the rules of reading
   * @throws InvalidDataException if a file is missing or damaged, or holds no text where its
   *     characters are the vocabulary
   * @throws IOException if a file cannot be read
   */
  Tokenizer tokenizer(List<Path> files, DocumentOptions options) throws IOException;

  /** {@return whether it follows from the documents, so that without them there is none} */
  default boolean isOfDocuments() {
    return false;
  }

  /**
   * {@return the choice written as {@code gpt2}, {@code bytes}, {@code chars} or the name of a
   * file: a {@code tokenizer.json} of Hugging Face if it ends in {@code .json}, and one symbol per
   * line otherwise; a folder is a model, and stands for its vocabulary}
   *
   * @param text the choice as {@code --vocabulary} takes it; a file is looked at when it is used
   */
  static VocabularyChoice parse(String text) {
    return switch (text) {
      case "gpt2" -> new Known(new Gpt2Tokenizer());
      case "bytes" -> new Known(new Tokenizer.Bytes());
      case "chars" -> new CharactersOfText();
      default -> new InFile(Path.of(text));
    };
  }

  /**
   * A vocabulary that needs no file.
   *
   * @param tokenizer the vocabulary
   */
  record Known(Tokenizer tokenizer) implements VocabularyChoice {
    @Override
    public Tokenizer tokenizer(List<Path> files, DocumentOptions options) {
      return tokenizer;
    }
  }

  /**
   * A vocabulary of the user's, in a file, or that of a model.
   *
   * @param file the file of the vocabulary, or the folder of a model
   */
  record InFile(Path file) implements VocabularyChoice {
    @Override
    public Tokenizer tokenizer(List<Path> files, DocumentOptions options) throws IOException {
      if (Files.isDirectory(file)) {
        return SavedModel.Description.read(file).tokenizer();
      }
      new UntrustedFile(file).checkExists("; a vocabulary is gpt2, bytes, chars, or a file");
      return file.toString().endsWith(".json")
          ? HuggingFaceJson.load(file)
          : SymbolTokenizer.load(file);
    }
  }

  /**
   * The characters of the documents in the order of their numbers. All documents are read for it
   * first.
   */
  record CharactersOfText() implements VocabularyChoice {
    @Override
    public boolean isOfDocuments() {
      return true;
    }

    @Override
    public Tokenizer tokenizer(List<Path> files, DocumentOptions options) throws IOException {
      BitSet seen = new BitSet();
      for (Path file : files) {
        Tokenizer anything = new Tokenizer.Bytes();
        try (Pieces pieces = DocumentFormat.of(file).open(file, options, anything)) {
          for (Optional<Piece> piece = pieces.next(); piece.isPresent(); piece = pieces.next()) {
            options.detokenizer().apply(piece.get().text()).codePoints().forEach(seen::set);
          }
        }
      }
      if (seen.isEmpty()) {
        throw new InvalidDataException(files.get(0), "is empty; it must have a text");
      }
      StringBuilder vocabulary = new StringBuilder();
      seen.stream().forEach(vocabulary::appendCodePoint);
      return new Tokenizer.Characters(vocabulary.toString());
    }
  }
}
