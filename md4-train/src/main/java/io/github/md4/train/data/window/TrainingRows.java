// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.window;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.internal.hash.Permutation;

/**
 * The endless rows of a file that is packed into rows, shuffled again in each epoch. Safe for
 * several threads; the file is closed by who opened it.
 *
 * <p>The position is the number of rows read before, over all epochs; see {@link TrainingWindows}.
 */
public final class TrainingRows implements Windows {
  private final EvaluationChunks rows;
  private final long seed;

  /**
   * Reads the rows of a file.
   *
   * @param tokens the tokens as {@code md4 data} prepared them, memory-mapped
   * @param length N, the number of tokens of a row
   * @param seed any number; the order of the sequences in each epoch follows from it
   * @throws InvalidDataException if the file has rows of another length, or none, or no JSON that
   *     says so
   */
  public TrainingRows(TokenFile tokens, int length, long seed) {
    int packed =
        tokens
            .info()
            .map(TokenFileInfo::rowLength)
            .orElseThrow(
                () ->
                    new InvalidDataException(
                        tokens.path(),
                        "has no description beside it that tells the length of its rows; prepare it with md4 data"));
    require(length >= 1, "length must be at least 1", length);
    if (packed != length) {
      throw new InvalidDataException(
          tokens.path(),
          "is packed into rows of %s; set model.length to that, or pack it again with %d"
              .formatted(Counted.of(packed, "token"), length));
    }
    this.rows = new EvaluationChunks(tokens, length);
    this.seed = seed;
  }

  @Override
  public int length() {
    return rows.length();
  }

  @Override
  public void read(long position, int[] into) {
    require(position >= 0, "position must be at least 0", position);
    long row =
        Permutation.of(rows.count(), seed, position / rows.count()).apply(position % rows.count());
    rows.read(row, into);
  }
}
