// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.folder;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.ModelFolder;
import io.github.md4.core.model.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * The folder of a run and the places of its files, whether they exist or not (docs/training.md
 * lists them).
 *
 * @param path the folder of config.yaml, metrics, checkpoints and model
 */
public record RunFolder(Path path) {
  /**
   * Checks that there is a path.
   *
   * @param path the folder of config.yaml, metrics, checkpoints and model
   * @throws NullPointerException if it is null
   */
  public RunFolder {
    Objects.requireNonNull(path, "path");
  }

  /** {@return the resolved config, every default written out} */
  public Path config() {
    return path.resolve("config.yaml");
  }

  /** {@return the metrics, one JSON object a line} */
  public Path metrics() {
    return path.resolve("metrics.jsonl");
  }

  /** {@return the folder of TensorBoard's event files} */
  public Path tensorBoard() {
    return path.resolve("tensorboard");
  }

  /** {@return the folder of the samples drawn on the way} */
  public Path samples() {
    return path.resolve("samples");
  }

  /** {@return the folder of the checkpoints} */
  public Path checkpoints() {
    return path.resolve(ModelFolder.CHECKPOINTS);
  }

  /** {@return the finished model: the averaged weights} */
  public Path model() {
    return path.resolve(ModelFolder.FINISHED);
  }

  /** {@return the model that scored best on the way, where a run keeps it} */
  public Path best() {
    return path.resolve("best");
  }

  /**
   * {@return the folder of a model: {@code path} itself if it is a model's or a checkpoint's, or of
   * a run its finished model, else its last checkpoint} Raw weights are in checkpoints only.
   *
   * @param path a model, a checkpoint or a run
   * @param weights which weights: raw, or their moving average
   * @throws InvalidDataException if there is none; the message says what the folder holds
   * @throws IOException if a file cannot be read
   */
  public static Path modelIn(Path path, Weights weights) throws IOException {
    return ModelFolder.find(path, weights);
  }
}
