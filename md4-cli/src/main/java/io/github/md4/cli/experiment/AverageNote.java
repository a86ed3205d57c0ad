// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.ModelFolder;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.optimizer.MovingAverage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** The note on averaged weights that are mostly what the weights were at the start. */
public final class AverageNote {
  private static final double MOSTLY = 0.5;

  private AverageNote() {}

  /** Returns the note on an average after so many updates; empty where there is little to note. */
  public static Optional<String> of(MovingAverage average, long updates) {
    double start = average.startShare(updates);
    return start > MOSTLY
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "the averaged weights are %.0f%% what they were at the start of the training (%s,"
                    + " training.emaRate %s): take --weights raw, train longer, or train with"
                    + " training.emaWarmUp=true",
                100 * start,
                Counted.of(updates, "update"),
                average.emaRate()))
        : Optional.empty();
  }

  /**
   * Returns the note on a model in the folder of its run, where the run's config tells of its
   * average; empty for any other model.
   */
  public static Optional<String> of(Path model) {
    Path absolute = model.toAbsolutePath();
    OptionalLong step = ModelFolder.step(absolute);
    Path run = step.isPresent() ? parent(parent(absolute)) : parent(absolute);
    RunFolder folder = new RunFolder(run);
    if (!Files.isRegularFile(folder.config())
        || (step.isEmpty() && !absolute.equals(folder.model()))) {
      return Optional.empty();
    }
    try {
      Experiment experiment = RunConfig.read(folder);
      return of(
          experiment.training().optimization().average(),
          step.orElse(experiment.training().steps()));
    } catch (IOException | InvalidConfigException | InvalidDataException e) {
      return Optional.empty(); // a config of another program says nothing of the model
    }
  }

  private static Path parent(Path path) {
    return path.getParent() == null ? path : path.getParent();
  }
}
