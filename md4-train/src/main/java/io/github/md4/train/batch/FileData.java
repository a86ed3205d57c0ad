// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.batch;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.image.ImageCompatibility;
import io.github.md4.train.data.image.ImageWindows;
import io.github.md4.train.data.image.Labels;
import io.github.md4.train.data.window.Windows;
import io.github.md4.train.internal.data.DataCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongToIntFunction;
import java.util.stream.Stream;

/** The data of a prepared file, with the labels beside it. */
record FileData(TokenFile tokens) implements TrainingData {
  @Override
  public Tokenizer tokenizer() {
    return info().tokenizer();
  }

  @Override
  public String sha256() {
    return info().sha256();
  }

  private TokenFileInfo info() {
    return tokens
        .info()
        .orElseThrow(
            () ->
                new InvalidDataException(
                    tokens.path(), "has no description beside it; prepare it with md4 data"));
  }

  @Override
  public Windows windows(ModelConfig model, long seed) throws IOException {
    ImageCompatibility.check(tokens, model.network());
    if (model.network().imageShape().isEmpty()) {
      return Windows.of(tokens, model.length(), seed);
    }
    LongToIntFunction labels = ImageCompatibility.labels(tokens, model.network(), model.length());
    return new ImageWindows(tokens, model.length(), seed, labels);
  }

  /** Returns the file of labels that the network takes, if it takes labels. */
  private Optional<Path> labels(ModelConfig model) {
    return Optional.of(Labels.beside(tokens.path()))
        .filter(file -> model.network().classes() > 0 && Files.exists(file));
  }

  @Override
  public Optional<String> labelsSha256(ModelConfig model) throws IOException {
    Optional<Path> labels = labels(model);
    if (labels.isEmpty()) {
      return Optional.empty();
    }
    try (TokenFile file = TokenFile.open(labels.get())) {
      return file.info().map(TokenFileInfo::sha256);
    }
  }

  /** Labels of another number of classes are refused when they are read, so not here. */
  @Override
  public Optional<ClassNames> classNames(ModelConfig model) throws IOException {
    int classes = model.network().classes();
    return classes == 0
        ? Optional.empty()
        : Labels.namesBeside(tokens.path()).filter(names -> names.vocabularySize() == classes);
  }

  @Override
  public DataCheck check(ModelConfig model) {
    return DataCheck.start(
        Stream.concat(Stream.of(tokens.path()), labels(model).stream()).toList());
  }
}
