// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.report.Json;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.ModelFolder;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.Sha256;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.image.ImageCompatibility;
import io.github.md4.train.data.window.EvaluationChunks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongToIntFunction;

/** A file of tokens whose content is known by its hash. */
public record EvaluationData(TokenFile tokens, String sha256) implements AutoCloseable {

  /**
   * Opens a file and reads all of it once.
   *
   * @throws InvalidDataException if it is missing or damaged
   */
  public static EvaluationData open(Path file) throws IOException {
    if (SavedModel.isIn(file) || SavedModel.isIn(file.resolve(ModelFolder.FINISHED))) {
      throw new InvalidDataException(
          file,
          "is a model where a file of tokens is expected; the run comes first, then the file");
    }
    TokenFile tokens = TokenFile.open(file);
    if (tokens.info().isEmpty()) {
      return new EvaluationData(tokens, Sha256.of(file));
    }
    tokens.verify();
    return new EvaluationData(tokens, tokens.info().get().sha256());
  }

  /**
   * Returns the sequences that a model is scored on.
   *
   * @throws InvalidDataException if the vocabulary is not the model's
   */
  public EvaluationChunks chunksFor(LoadedModel model) throws IOException {
    Tokenizer tokenizer = model.description().tokenizer();
    TokenFileInfo info = tokens.info().orElse(null);
    if (info != null && !info.tokenizer().equals(tokenizer)) {
      throw new InvalidDataException(
          tokens.path(),
          "its vocabulary, %s, is not that of the model in %s, %s; take the data that the model"
                  .formatted(
                      info.tokenizer().summary(),
                      model.origin().file().getParent(),
                      tokenizer.summary())
              + " was trained on");
    }
    TokenFile own = TokenFile.openWithVocabulary(tokens.path(), tokenizer.vocabularySize());
    ModelConfig config = model.description().config();
    LongToIntFunction labels = ImageCompatibility.labels(own, config.network(), config.length());
    return new EvaluationChunks(own, config.length(), tokenizer, labels);
  }

  /** Returns the names of the data set and the split, or unnamed. */
  String name() {
    return tokens.info().map(info -> info.dataSet() + " " + info.split()).orElse("unnamed");
  }

  ObjectNode json() {
    ObjectNode object = Json.object().put("file", tokens.path().toString()).put("sha256", sha256);
    tokens
        .info()
        .ifPresent(info -> object.put("dataSet", info.dataSet()).put("split", info.split()));
    return object;
  }

  @Override
  public void close() {
    tokens.close();
  }
}
