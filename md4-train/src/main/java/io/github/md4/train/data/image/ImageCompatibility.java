// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.util.Optional;
import java.util.function.LongToIntFunction;

/**
 * The checks of a file of tokens against a network: the size of images, and the classes of labels.
 */
public final class ImageCompatibility {
  private ImageCompatibility() {}

  /**
   * Checks the images of a file.
   *
   * @param tokens an open file as {@code md4 data} or {@link ImageData} prepared it
   * @param network the network, which tells the images and classes that it takes
   * @throws InvalidDataException if the network takes images and the file holds others or none, or
   *     the other way round
   */
  public static void check(TokenFile tokens, NetworkConfig network) {
    Optional<ImageShape> given = tokens.info().flatMap(info -> info.tokenizer().image());
    Optional<ImageShape> taken = network.imageShape();
    if (given.isPresent() && taken.isEmpty()) {
      throw new InvalidDataException(
          tokens.path(),
          "holds images of %s, but model.network takes text; take a config whose network.kind is one"
                  .formatted(given.get())
              + " of unet, uvit, dit");
    }
    if (taken.isPresent() && !taken.equals(given)) {
      String held =
          given
              .map(shape -> "images of " + shape)
              .or(() -> tokens.info().map(TokenFileInfo::tokenizer).map(Tokenizer::summary))
              .orElse("tokens of an unknown kind");
      throw new InvalidDataException(
          tokens.path(),
          "holds %s, but model.network takes images of %s; prepare them with md4 data images"
              .formatted(held, taken.get()));
    }
  }

  /**
   * {@return the class of each image by its index in the file; {@link Condition#NO_LABEL} where the
   * network takes no classes}
   *
   * @param tokens an open file as {@code md4 data} or {@link ImageData} prepared it
   * @param network the network, which tells the images and classes that it takes
   * @param length N, the number of tokens of an image, at least 1
   * @throws InvalidDataException if the network takes classes and the file has no labels or those
   *     of another number of classes
   * @throws IllegalArgumentException if {@code length} is below 1
   * @throws IOException if a file cannot be read
   */
  public static LongToIntFunction labels(TokenFile tokens, NetworkConfig network, int length)
      throws IOException {
    require(length >= 1, "length must be at least 1", length);
    if (network.classes() == 0) {
      return index -> Condition.NO_LABEL;
    }
    Labels labels = Labels.read(tokens.path(), tokens.length() / length);
    int classes = labels.classes().vocabularySize();
    if (classes != network.classes()) {
      throw new InvalidDataException(
          Labels.beside(tokens.path()),
          "has %s, but model.network takes %,d"
              .formatted(Counted.of(classes, "class", "classes"), network.classes()));
    }
    return labels::of;
  }
}
