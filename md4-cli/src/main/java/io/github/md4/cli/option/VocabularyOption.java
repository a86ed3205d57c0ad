// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.option;

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

/** The option for the vocabulary size of a network that is measured. */
public final class VocabularyOption {
  @Option(
      names = "--vocabulary",
      paramLabel = "V",
      converter = OptionTypes.Amount.class,
      description =
          "The size of the vocabulary. Default: 256 for images; otherwise that of"
              + " data.train if the file exists, or 27.")
  private Integer vocabulary;

  /** Returns the size; without the option, that of the experiment's network or data. */
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
