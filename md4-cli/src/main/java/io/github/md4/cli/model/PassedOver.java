// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.model;

import io.github.md4.core.model.ModelFolder;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The finished model of a run that is passed over, as a file of it is missing. */
public final class PassedOver {
  private PassedOver() {}

  /**
   * Returns the note that a run's checkpoint stands for its finished model; empty where the folder
   * is no run, has no finished model, or raw weights are read, which are in checkpoints only.
   *
   * @param folder a model, a checkpoint or a run
   * @param found the folder of the model that it stands for
   */
  public static Optional<String> note(Path folder, Path found, Weights weights) {
    Path finished = folder.resolve(ModelFolder.FINISHED);
    boolean isPassedOver =
        weights == Weights.EMA
            && Files.isDirectory(finished)
            && !SavedModel.isIn(folder)
            && !SavedModel.isIn(finished);
    return isPassedOver
        ? Optional.of("%s is not whole; its checkpoint %s is read".formatted(finished, found))
        : Optional.empty();
  }
}
