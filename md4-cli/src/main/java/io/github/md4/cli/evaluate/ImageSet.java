// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.data.image.Labels;
import io.github.md4.train.data.window.EvaluationChunks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongToIntFunction;

/**
 * Images of a file whose content is known by its hash.
 *
 * @param isLabelled true where labels lie beside them
 */
record ImageSet(Path file, Examples examples, ImageShape shape, String sha256, boolean isLabelled) {

  /**
   * Opens a file and reads all of it once.
   *
   * @param limit the number of images that are taken, from the first on
   * @throws InvalidDataException if it is missing, damaged or holds no images
   */
  static ImageSet open(Path file, long limit) throws IOException {
    TokenFile tokens = TokenFile.open(file);
    TokenFileInfo info =
        tokens
            .info()
            .filter(it -> it.tokenizer().image().isPresent())
            .orElseThrow(
                () ->
                    new InvalidDataException(
                        file, "holds no images; make a file of images with md4 data images"));
    tokens.verify();
    ImageShape shape = info.tokenizer().image().orElseThrow();
    boolean isLabelled = Labels.areBeside(file);
    LongToIntFunction labels =
        isLabelled
            ? Labels.read(file, tokens.length() / shape.size())::of
            : index -> Condition.NO_LABEL;
    Examples all = EvaluationChunks.labelled(tokens, shape.size(), labels);
    return new ImageSet(file, all.first(limit), shape, info.sha256(), isLabelled);
  }

  /**
   * Checks that both sets can be compared.
   *
   * @throws InvalidDataException unless the images of both have the same size and there are at
   *     least two of each
   */
  void checkComparable(ImageSet reference) {
    if (!shape.equals(reference.shape)) {
      throw new InvalidDataException(
          file, "holds images of %s, the reference of %s".formatted(shape, reference.shape));
    }
    for (ImageSet each : new ImageSet[] {this, reference}) {
      if (each.examples.count() < 2) {
        throw new InvalidDataException(each.file, "holds fewer than two images");
      }
    }
  }

  /** Returns the folder for computed features. */
  Path folder() {
    return file.toAbsolutePath().getParent().resolve("features");
  }
}
