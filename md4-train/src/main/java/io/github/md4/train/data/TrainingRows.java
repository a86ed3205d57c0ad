// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFile;

/**
 * The endless rows of a file that is packed into rows, shuffled again in each epoch.
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
   * @param length the number of tokens in a row
   * @param seed any number; the order of the sequences in each epoch follows from it
   * @throws InvalidDataException if the file has rows of another length, or none
   */
  public TrainingRows(TokenFile tokens, int length, long seed) {
    int packed = tokens.info().orElseThrow().rowLength();
    if (packed != length) {
      throw new InvalidDataException(
          tokens.path(),
          "is packed into rows of %d tokens; set model.length to that, or pack it again with %d"
              .formatted(packed, length));
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
    long row =
        Permutation.of(rows.count(), seed, position / rows.count()).apply(position % rows.count());
    rows.read(row, into);
  }
}
