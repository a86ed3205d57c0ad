// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.TokenFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * The labels beside a file of images: a token file with one token per image, whose vocabulary is
 * the classes. Held in memory, immutable.
 */
public final class Labels {
  private final ClassNames classes;
  private final int[] values;

  private Labels(ClassNames classes, int[] values) {
    this.classes = classes;
    this.values = values;
  }

  /**
   * {@return the file of the labels of {@code DIR/NAME.bin}, which is {@code DIR/NAME.labels.bin}}
   *
   * @param bin the token file of the images, {@code DIR/NAME.bin}
   */
  public static Path beside(Path bin) {
    String name = String.valueOf(bin.getFileName());
    return bin.resolveSibling(name.replaceFirst("\\.bin$", "") + ".labels.bin");
  }

  /**
   * {@return whether a file of images has labels beside it}
   *
   * @param bin the token file of the images, {@code DIR/NAME.bin}
   */
  public static boolean areBeside(Path bin) {
    return Files.exists(beside(bin));
  }

  /**
   * Reads the labels of a file of images.
   *
   * @param bin the token file of the images, {@code DIR/NAME.bin}
   * @param count the number of images, at least 1
   * @return the labels
   * @throws InvalidDataException if the file is missing or damaged, has another number of labels or
   *     other tokens
   * @throws IOException if a file cannot be read
   */
  public static Labels read(Path bin, long count) throws IOException {
    Path file = beside(bin);
    if (!Files.exists(file)) {
      throw new InvalidDataException(
          bin,
          "has no file of labels beside it (%s); prepare it with labels"
              .formatted(file.getFileName()));
    }
    try (TokenFile tokens = TokenFile.open(file)) {
      if (tokens.length() != count) {
        throw new InvalidDataException(
            file,
            "must have a label for each of %s: %,d"
                .formatted(Counted.of(count, "image"), tokens.length()));
      }
      return new Labels(classes(tokens), tokens.read(0, Math.toIntExact(count)));
    }
  }

  /**
   * {@return the names of the classes of the labels beside a file of images; nothing without
   * labels}
   *
   * @param bin the token file of the images, {@code DIR/NAME.bin}
   * @throws InvalidDataException if the labels are damaged or hold no classes
   * @throws IOException if a file cannot be read
   */
  public static Optional<ClassNames> namesBeside(Path bin) throws IOException {
    if (!areBeside(bin)) {
      return Optional.empty();
    }
    try (TokenFile tokens = TokenFile.open(beside(bin))) {
      return Optional.of(classes(tokens));
    }
  }

  private static ClassNames classes(TokenFile tokens) {
    if (tokens.info().isPresent()
        && tokens.info().get().tokenizer() instanceof ClassNames classes) {
      return classes;
    }
    throw new InvalidDataException(tokens.path(), "holds no labels; prepare the data again");
  }

  /** {@return the names of the classes, in the order of the labels} */
  public ClassNames classes() {
    return classes;
  }

  /**
   * {@return the label of an image, in [0, classes)}
   *
   * @param index the image's index in the file, in [0, count)
   * @throws IndexOutOfBoundsException if it is out of this range
   */
  public int of(long index) {
    return values[(int) Objects.checkIndex(index, (long) values.length)];
  }
}
