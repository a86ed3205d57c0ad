// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.data.Permutation;
import io.github.md4.train.data.Windows;
import java.util.function.LongToIntFunction;

/**
 * The endless images of a file, shuffled again in each epoch. Position and seed determine the next
 * image. Safe for several threads.
 */
public final class ImageWindows implements Windows {
  private final TokenFile tokens;
  private final int length;
  private final long seed;
  private final LongToIntFunction labels;
  private final long count;

  /**
   * Reads the images of a file.
   *
   * @param tokens the tokens as {@code md4 data} prepared them, memory-mapped
   * @param length the number of tokens in an image
   * @param seed any number; the order of the sequences in each epoch follows from it
   * @param labels the class of each image by its index in the file
   * @throws InvalidDataException if the file holds no image
   */
  public ImageWindows(TokenFile tokens, int length, long seed, LongToIntFunction labels) {
    this.tokens = tokens;
    this.length = length;
    this.seed = seed;
    this.labels = labels;
    this.count = tokens.length() / length;
    if (count == 0) {
      throw new InvalidDataException(
          tokens.path(), "holds no image of %d tokens".formatted(length));
    }
  }

  /** Returns the index in the file of the image at a position. */
  private long index(long position) {
    return Permutation.of(count, seed, position / count).apply(position % count);
  }

  @Override
  public int length() {
    return length;
  }

  @Override
  public void read(long position, int[] into) {
    tokens.read(index(position) * length, into);
  }

  @Override
  public int label(long position) {
    return labels.applyAsInt(index(position));
  }
}
