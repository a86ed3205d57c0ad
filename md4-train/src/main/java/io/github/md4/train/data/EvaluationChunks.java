// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.token.TokenFile;

/**
 * A file of tokens cut into chunks of {@code length}, one after the other; a tail shorter than that
 * is left out.
 */
public final class EvaluationChunks implements Examples {
  private final TokenFile tokens;
  private final int length;

  /**
   * @param length the tokens of a chunk
   * @throws InvalidDataException if the file is shorter than one chunk
   */
  public EvaluationChunks(TokenFile tokens, int length) {
    checkLength(tokens, length);
    this.tokens = tokens;
    this.length = length;
  }

  static void checkLength(TokenFile tokens, int length) {
    if (length < 1) {
      throw new IllegalArgumentException("length must be at least 1: " + length);
    }
    if (tokens.length() < length) {
      throw new InvalidDataException(
          tokens.path(),
          "too short: %d tokens where one sequence takes %d; take a longer text"
              .formatted(tokens.length(), length));
    }
  }

  static void checkArray(int[] into, int length) {
    if (into.length != length) {
      throw new IllegalArgumentException(
          "into must have length %d: %d".formatted(length, into.length));
    }
  }

  /** Returns the file. */
  public TokenFile tokens() {
    return tokens;
  }

  /** Returns the tokens of a chunk. */
  @Override
  public int length() {
    return length;
  }

  /** Returns the number of chunks. */
  @Override
  public long count() {
    return tokens.length() / length;
  }

  /** Returns the number of tokens after the last chunk, which no chunk holds. */
  public long tailTokens() {
    return tokens.length() % length;
  }

  /** Reads the chunk number {@code index}, from 0, into an array of {@link #length}. */
  @Override
  public void read(long index, int[] into) {
    checkArray(into, length);
    if (index < 0 || index >= count()) {
      throw new IllegalArgumentException("index must be in [0, %d): %d".formatted(count(), index));
    }
    tokens.read(index * length, into);
  }

  /** Returns the chunk number {@code index}, from 0. */
  public int[] chunk(long index) {
    int[] ids = new int[length];
    read(index, ids);
    return ids;
  }
}
