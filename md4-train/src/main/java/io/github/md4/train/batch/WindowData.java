// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.batch;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.window.MemoryWindows;
import io.github.md4.train.data.window.Windows;
import io.github.md4.train.internal.data.DataCheck;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The data of a source that is no file.
 *
 * @param sha256 tells these data from others
 */
record WindowData(Tokenizer tokenizer, Source source, String sha256) implements TrainingData {

  /** Checks that all are there. */
  WindowData {
    Objects.requireNonNull(tokenizer, "tokenizer");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(sha256, "identity");
  }

  static TrainingData of(Tokenizer tokenizer, List<int[]> windows, int[] labels) {
    MemoryWindows.Content content = MemoryWindows.content(windows, labels);
    content.checkTokens(tokenizer.vocabularySize());
    return new WindowData(tokenizer, seed -> new MemoryWindows(content, seed), content.sha256());
  }

  static TrainingData labelled(Tokenizer tokenizer, List<int[]> windows, int[] labels) {
    require(
        labels.length == windows.size(),
        "there must be a label for each of the " + Counted.of(windows.size(), "sequence"),
        labels.length);
    return of(tokenizer, windows, labels);
  }

  @Override
  public Windows windows(ModelConfig model, long seed) {
    Windows windows = source.windows(seed);
    require(
        windows.length() == model.length(),
        "sequences must have the model's length, " + Counted.of(model.length(), "token"),
        windows.length());
    return windows;
  }

  @Override
  public Optional<String> labelsSha256(ModelConfig model) {
    return Optional.empty();
  }

  @Override
  public Optional<ClassNames> classNames(ModelConfig model) {
    return Optional.empty();
  }

  @Override
  public DataCheck check(ModelConfig model) {
    return DataCheck.start(List.of());
  }
}
