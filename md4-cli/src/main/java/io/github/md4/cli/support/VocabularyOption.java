// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import io.github.md4.cli.experiment.Experiment;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.PixelValues;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How many tokens a network that is measured knows. */
public final class VocabularyOption {
  @Option(
      names = "--vocabulary",
      paramLabel = "V",
      converter = OptionTypes.Count.class,
      description =
          "Size of the vocabulary. Default: 256 for images, else that of data.train"
              + " if it is there, else 27.")
  private Integer vocabulary;

  /** Returns V: where nothing is said, what the experiment's network and data tell of it. */
  public int size(Experiment experiment) throws IOException {
    if (vocabulary != null) {
      return vocabulary;
    }
    Optional<ImageShape> image = experiment.model().network().imageShape();
    if (image.isPresent()) {
      return new PixelValues(image.get()).vocabularySize();
    }
    Path data = experiment.data().train();
    if (Files.exists(data)) {
      try (TokenFile tokens = TokenFile.open(data)) {
        return tokens.info().map(TokenFileInfo::vocabularySize).orElse(text8());
      }
    }
    return text8();
  }

  private static int text8() {
    return Tokenizer.Characters.TEXT8.vocabularySize();
  }
}
