// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.file.OutputFile;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.DataSplit;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.TokenFileWriter;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.train.data.image.Labels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A file of tokens to which the images drawn from a model are written as they are drawn, with their
 * labels beside it. Closed before it is published, it leaves nothing.
 */
final class DrawnImages implements AutoCloseable {
  private static final String SOURCE = "samples";
  private static final int VERSION = 1;

  private final Path bin;
  private final TokenFileWriter tokens;
  private final TokenFileWriter labels; // null without classes

  private DrawnImages(Path bin, TokenFileWriter tokens, TokenFileWriter labels) {
    this.bin = bin;
    this.tokens = tokens;
    this.labels = labels;
  }

  /**
   * Begins the file.
   *
   * @param weights the file of the model's weights
   */
  static DrawnImages create(Path bin, SavedModel.Description model, Provenance.SourceFile weights)
      throws IOException {
    OutputFile.makeFolder(bin);
    TokenFileWriter tokens = TokenFileWriter.create(bin, split(model.tokenizer(), weights));
    try {
      return new DrawnImages(bin, tokens, labels(bin, model, weights));
    } catch (IOException | RuntimeException e) {
      tokens.close();
      throw e;
    }
  }

  private static TokenFileWriter labels(
      Path bin, SavedModel.Description model, Provenance.SourceFile weights) throws IOException {
    int classes = model.config().network().classes();
    if (classes == 0) {
      return null;
    }
    ClassNames names = model.classNames().orElseGet(() -> numbers(classes));
    return TokenFileWriter.create(Labels.beside(bin), split(names, weights));
  }

  private static ClassNames numbers(int classes) {
    return new ClassNames(IntStream.range(0, classes).mapToObj(Integer::toString).toList());
  }

  /** Appends images with the labels of their initial sequences. */
  void write(List<InitialSequence> sequences, List<Sample> images) throws IOException {
    for (Sample image : images) {
      tokens.write(image.tokens());
    }
    if (labels != null) {
      labels.write(sequences.stream().mapToInt(InitialSequence::label).toArray());
    }
  }

  /** Gives the files their names, and replaces old ones. */
  void publish() throws IOException {
    TokenFileInfo unused = tokens.seal();
    Files.deleteIfExists(Labels.beside(bin));
    if (labels != null) {
      TokenFileInfo unusedToo = labels.seal();
      labels.publish();
    }
    tokens.publish();
  }

  private static DataSplit split(Tokenizer tokenizer, Provenance.SourceFile weights) {
    return new DataSplit(
        SOURCE, SOURCE, tokenizer, new Provenance(SOURCE, VERSION, List.of(weights)));
  }

  @Override
  public void close() throws IOException {
    try (tokens) {
      if (labels != null) {
        labels.close();
      }
    }
  }
}
