// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** How many tokens a network that is measured knows. */
final class VocabularyOption {
  @Option(
      names = "--vocabulary",
      paramLabel = "V",
      converter = OptionTypes.Count.class,
      description = "Size of the vocabulary. Default: that of data.train if it is there, else 27.")
  private Integer vocabulary;

  /**
   * Returns V.
   *
   * @param data what it is taken from where nothing is said
   */
  int size(Path data) throws IOException {
    if (vocabulary != null) {
      return vocabulary;
    }
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
