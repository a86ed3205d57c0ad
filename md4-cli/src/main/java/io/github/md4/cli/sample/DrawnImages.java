// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.DataSplit;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.TokenFileWriter;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.InitialSequence;
import io.github.md4.sample.Sample;
import io.github.md4.train.data.image.Labels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The images drawn from a model, to be written as a file of tokens.
 *
 * @param weights the file of the model's weights
 * @param sequences the initial sequences of the images, with or without labels
 */
record DrawnImages(
    SavedModel.Description model,
    Provenance.SourceFile weights,
    List<InitialSequence> sequences,
    List<Sample> images) {
  private static final String SOURCE = "samples";
  private static final int VERSION = 1;

  /** Writes them with their labels beside them, and replaces old files. */
  void write(Path bin) throws IOException {
    Files.createDirectories(bin.toAbsolutePath().getParent());
    try (TokenFileWriter tokens = TokenFileWriter.create(bin, split(model.tokenizer()))) {
      for (Sample image : images) {
        tokens.write(image.tokens());
      }
      TokenFileInfo unused = tokens.seal();
      Files.deleteIfExists(Labels.beside(bin));
      int classes = model.config().network().classes();
      if (classes > 0) {
        writeLabels(bin, classes);
      }
      tokens.publish();
    }
  }

  private void writeLabels(Path bin, int classes) throws IOException {
    List<String> numbers = IntStream.range(0, classes).mapToObj(Integer::toString).toList();
    try (TokenFileWriter file =
        TokenFileWriter.create(Labels.beside(bin), split(new ClassNames(numbers)))) {
      file.write(sequences.stream().mapToInt(InitialSequence::label).toArray());
      TokenFileInfo unused = file.seal();
      file.publish();
    }
  }

  private DataSplit split(Tokenizer tokenizer) {
    return new DataSplit(
        SOURCE, SOURCE, tokenizer, new Provenance(SOURCE, VERSION, List.of(weights)));
  }
}
