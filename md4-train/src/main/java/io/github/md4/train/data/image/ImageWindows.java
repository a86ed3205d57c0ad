// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.data.window.Windows;
import io.github.md4.train.internal.hash.Permutation;
import java.util.function.LongToIntFunction;

/**
 * The endless images of a file, shuffled again in each epoch. Position and seed determine the next
 * image. Safe for several threads; the file is closed by who opened it.
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
   * @param tokens an open file as {@code md4 data} or {@link ImageData} prepared it
   * @param length N, the number of tokens of an image, at least 1
   * @param seed any number; the order of the sequences in each epoch follows from it
   * @param labels the class of each image by its index in the file, at least 0, or {@link
   *     io.github.md4.core.diffusion.Condition#NO_LABEL}
   * @throws IllegalArgumentException if {@code length} is below 1
   * @throws InvalidDataException if the file holds no image
   */
  public ImageWindows(TokenFile tokens, int length, long seed, LongToIntFunction labels) {
    require(length >= 1, "length must be at least 1", length);
    this.tokens = tokens;
    this.length = length;
    this.seed = seed;
    this.labels = labels;
    this.count = tokens.length() / length;
    if (count == 0) {
      throw new InvalidDataException(
          tokens.path(), "holds no image of " + Counted.of(length, "token"));
    }
  }

  /** Returns the index in the file of the image at a position. */
  private long index(long position) {
    require(position >= 0, "position must be at least 0", position);
    return Permutation.of(count, seed, position / count).apply(position % count);
  }

  @Override
  public int length() {
    return length;
  }

  @Override
  public void read(long position, int[] into) {
    if (into.length != length) {
      throw new IllegalArgumentException(
          "into must have length %d: %d".formatted(length, into.length));
    }
    tokens.read(index(position) * length, into);
  }

  @Override
  public int label(long position) {
    return labels.applyAsInt(index(position));
  }
}
