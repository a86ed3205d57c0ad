// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.data.Permutation;
import io.github.md4.train.data.Windows;
import java.util.function.LongToIntFunction;

/**
 * The images of a file, shuffled anew each epoch, without end; as of text, the position and the
 * seed alone say which comes next. Safe for several threads.
 */
public final class ImageWindows implements Windows {
  private final TokenFile tokens;
  private final int length;
  private final long seed;
  private final LongToIntFunction labels;
  private final long count;

  /**
   * @param length the tokens of an image
   * @param labels the class of each image, by its place in the file
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

  /** Returns the place in the file of the image at a position. */
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
