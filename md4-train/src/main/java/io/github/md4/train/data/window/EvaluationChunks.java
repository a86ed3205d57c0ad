// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.window;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.Tokenizer;
import java.util.OptionalInt;
import java.util.function.LongToIntFunction;

/**
 * A file of tokens cut into consecutive chunks of N tokens. A shorter tail is left out. Safe for
 * several threads; the file is closed by who opened it.
 */
public final class EvaluationChunks implements Examples {
  private static final int NONE = -1;

  private final TokenFile tokens;
  private final int length;
  private final int endOfText; // NONE where the vocabulary has none
  private int[] firstDocuments; // of each chunk; computed at the first use
  private final LongToIntFunction labels;

  /**
   * Cuts a file by its own vocabulary.
   *
   * @param tokens the tokens as {@code md4 data} prepared them, memory-mapped
   * @param length N, the number of tokens of a chunk, at least 1
   * @throws IllegalArgumentException if {@code length} is below 1
   * @throws InvalidDataException if the file is shorter than one chunk
   */
  public EvaluationChunks(TokenFile tokens, int length) {
    this(tokens, length, endOfText(tokens), index -> Condition.NO_LABEL);
  }

  /**
   * Cuts a file of chunks with classes.
   *
   * @param tokens the tokens as {@code md4 data} prepared them, memory-mapped
   * @param length N, the number of tokens of a chunk, at least 1
   * @param tokenizer the vocabulary of the file; documents are known if it has an end of text
   * @param labels the class of each chunk, by its index from 0
   * @throws IllegalArgumentException if {@code length} is below 1
   * @throws InvalidDataException if the file is shorter than one chunk
   */
  public EvaluationChunks(
      TokenFile tokens, int length, Tokenizer tokenizer, LongToIntFunction labels) {
    this(tokens, length, tokenizer.endOfText().orElse(NONE), labels);
  }

  private EvaluationChunks(TokenFile tokens, int length, int endOfText, LongToIntFunction labels) {
    checkLength(tokens, length);
    this.tokens = tokens;
    this.length = length;
    this.endOfText = endOfText;
    this.labels = labels;
  }

  /**
   * {@return chunks of examples that have a class each}
   *
   * @param tokens the tokens as {@code md4 data} prepared them, memory-mapped
   * @param length N, the number of tokens of a chunk, at least 1
   * @param labels the class of each chunk, by its index from 0
   * @throws IllegalArgumentException if {@code length} is below 1
   * @throws InvalidDataException if the file is shorter than one chunk
   */
  public static EvaluationChunks labelled(TokenFile tokens, int length, LongToIntFunction labels) {
    return new EvaluationChunks(tokens, length, endOfText(tokens), labels);
  }

  @Override
  public int label(long index) {
    return labels.applyAsInt(index);
  }

  private static int endOfText(TokenFile tokens) {
    return tokens
        .info()
        .map(info -> info.tokenizer().endOfText())
        .orElse(OptionalInt.empty())
        .orElse(NONE);
  }

  static void checkLength(TokenFile tokens, int length) {
    require(length >= 1, "length must be at least 1", length);
    if (tokens.length() < length) {
      throw new InvalidDataException(
          tokens.path(),
          "is too short: %s where one sequence takes %,d; take a longer text"
              .formatted(Counted.of(tokens.length(), "token"), length));
    }
  }

  static void checkArray(int[] into, int length) {
    if (into.length != length) {
      throw new IllegalArgumentException(
          "into must have length %d: %d".formatted(length, into.length));
    }
  }

  /** {@return the file of the chunks} */
  public TokenFile tokens() {
    return tokens;
  }

  /** Returns N, the number of tokens of a chunk. */
  @Override
  public int length() {
    return length;
  }

  /** Returns the number of chunks. */
  @Override
  public long count() {
    return tokens.length() / length;
  }

  /** {@return the number of tokens after the last chunk, which no chunk holds} */
  public long tailTokens() {
    return tokens.length() % length;
  }

  /**
   * Reads the chunk number {@code index}, from 0, into an array of {@link #length}.
   *
   * @throws IllegalArgumentException if {@code index} is not in [0, count), or the array's length
   *     is not N
   */
  @Override
  public void read(long index, int[] into) {
    checkArray(into, length);
    if (index < 0 || index >= count()) {
      throw new IllegalArgumentException("index must be in [0, %d): %d".formatted(count(), index));
    }
    tokens.read(index * length, into);
  }

  /** Returns the documents, each closed by the end of text; 0 where the vocabulary has none. */
  @Override
  public long documentCount() {
    if (endOfText == NONE) {
      return 0;
    }
    int[] last = new int[length];
    readDocuments(count() - 1, last);
    return last[length - 1] + 1L;
  }

  @Override
  public void readDocuments(long index, int[] into) {
    int document = firstDocuments()[(int) index];
    int[] ids = chunk(index);
    for (int n = 0; n < length; n++) {
      into[n] = document;
      document += ids[n] == endOfText ? 1 : 0;
    }
  }

  private synchronized int[] firstDocuments() {
    if (firstDocuments == null) {
      firstDocuments = new int[Math.toIntExact(count())];
      int document = 0;
      for (int index = 0; index < firstDocuments.length; index++) {
        firstDocuments[index] = document;
        for (int id : chunk(index)) {
          document += id == endOfText ? 1 : 0;
        }
      }
    }
    return firstDocuments;
  }

  /**
   * {@return the tokens of a chunk, [N] in [0, V)}
   *
   * @param index the chunk's number, in [0, count)
   * @throws IllegalArgumentException if it is out of this range
   */
  public int[] chunk(long index) {
    int[] ids = new int[length];
    read(index, ids);
    return ids;
  }
}
