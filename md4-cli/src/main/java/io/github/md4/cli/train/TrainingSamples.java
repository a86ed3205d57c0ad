// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.image.ImageGrid;
import io.github.md4.cli.support.OutputFile;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.Learner;
import io.github.md4.train.evaluation.RunRecorder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** The samples drawn from a model in training with its averaged weights. */
final class TrainingSamples implements AutoCloseable {
  private final NDManager manager;
  private final SavedModel.Description model;
  private final Experiment.Sampling config;
  private final Path folder;

  /**
   * @param folder takes the files
   */
  TrainingSamples(
      NDManager parent, SavedModel.Description model, Experiment.Sampling config, Path folder) {
    this.manager = parent.newSubManager();
    this.model = model;
    this.config = config;
    this.folder = folder;
  }

  /** Records samples as texts, or as one picture where they are images. */
  void record(long step, List<int[]> samples, RunRecorder recorder) throws IOException {
    if (samples.isEmpty()) {
      return;
    }
    Files.createDirectories(folder);
    Tokenizer tokenizer = model.tokenizer();
    Optional<ImageShape> image = tokenizer.image();
    if (image.isPresent()) {
      byte[] png = ImageGrid.square(image.get(), samples.size()).png(samples);
      OutputFile.write(folder.resolve("step-" + step + ".png"), png);
      recorder.picture(step, "samples", png);
    } else {
      String all =
          samples.stream().map(tokenizer::decode).collect(Collectors.joining("\n\n")) + "\n";
      OutputFile.write(folder.resolve("step-" + step + ".txt"), all);
      recorder.text(step, "samples", all);
    }
  }

  /**
   * Returns the tokens of the samples, drawn with the same noise at every step of the training.
   *
   * @param isStopRequested asked after each call of the network
   * @throws CancellationException if it says so
   */
  List<int[]> draw(Learner learner, BooleanSupplier isStopRequested) {
    return new TrainingDraws(model.config(), model.tokenSpace(), config)
        .draw(manager, learner, (done, planned) -> checkStop(isStopRequested));
  }

  private static void checkStop(BooleanSupplier isStopRequested) {
    if (isStopRequested.getAsBoolean()) {
      throw new CancellationException("the training is to stop");
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
