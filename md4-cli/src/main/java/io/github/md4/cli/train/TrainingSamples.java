// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.file.OutputFile;
import io.github.md4.cli.image.ImageGrid;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.NoDistributionException;
import io.github.md4.train.evaluation.RunRecorder;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.parallel.Share;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

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

  /**
   * Records samples as texts, or as one picture where they are images.
   *
   * @return the file; empty without samples
   */
  Optional<Path> record(long step, List<int[]> samples, RunRecorder recorder) throws IOException {
    if (samples.isEmpty()) {
      return Optional.empty();
    }
    Files.createDirectories(folder);
    Tokenizer tokenizer = model.tokenizer();
    Optional<ImageShape> image = tokenizer.image();
    if (image.isPresent()) {
      byte[] png = ImageGrid.square(image.get(), samples.size()).png(samples);
      Path file = folder.resolve("step-" + step + ".png");
      OutputFile.write(file, png);
      recorder.picture(step, "samples", png);
      return Optional.of(file);
    }
    String all = samples.stream().map(tokenizer::decode).collect(Collectors.joining("\n\n")) + "\n";
    Path file = folder.resolve("step-" + step + ".txt");
    OutputFile.write(file, all);
    recorder.text(step, "samples", all);
    return Optional.of(file);
  }

  /** Returns the text of the first sample; nothing of images, or without samples. */
  Optional<String> text(List<int[]> samples) {
    Tokenizer tokenizer = model.tokenizer();
    return tokenizer.image().isPresent()
        ? Optional.empty()
        : samples.stream().findFirst().map(tokenizer::decode);
  }

  /**
   * Returns the tokens of the samples, drawn with the same noise at every step of the training.
   * Processes that train together draw a share each, and each of them has all.
   *
   * @param isStopRequested asked after each call of the network
   * @throws CancellationException if it says so, in any of the processes
   * @throws DivergedException if the weights give no distribution
   */
  List<int[]> draw(Learner learner, BooleanSupplier isStopRequested) {
    Communicator communicator = learner.communicator();
    TrainingDraws draws = new TrainingDraws(model.config(), model.tokenSpace(), config);
    List<InitialSequence> all = draws.starts();
    Share share = communicator.share();
    List<InitialSequence> own =
        IntStream.range(0, all.size())
            .filter(i -> i % share.size() == share.rank())
            .mapToObj(all::get)
            .toList();
    List<int[]> drawn;
    try {
      drawn =
          own.isEmpty()
              ? List.of()
              : draws.draw(manager, learner, own, (done, planned) -> checkStop(isStopRequested));
    } catch (CancellationException e) {
      boolean unused = communicator.any(true);
      throw e;
    } catch (NoDistributionException e) {
      throw new DivergedException(
          "the samples after step %,d: %s".formatted(learner.updates(), e.getMessage()),
          "lower training.learningRate.base or set training.clip");
    }
    checkStop(() -> communicator.any(false));
    return gathered(communicator, drawn, all.size());
  }

  /** Returns the samples of all processes in their order. */
  private static List<int[]> gathered(Communicator communicator, List<int[]> own, int count) {
    List<byte[]> all = communicator.all(bytes(own));
    List<int[]> samples = new ArrayList<>();
    List<IntBuffer> readers =
        all.stream().map(each -> ByteBuffer.wrap(each).asIntBuffer()).toList();
    for (int i = 0; i < count; i++) {
      IntBuffer reader = readers.get(i % readers.size());
      int[] sample = new int[reader.get()];
      reader.get(sample);
      samples.add(sample);
    }
    return samples;
  }

  private static byte[] bytes(List<int[]> samples) {
    int size = samples.stream().mapToInt(each -> 1 + each.length).sum();
    ByteBuffer bytes = ByteBuffer.allocate(size * Integer.BYTES);
    IntBuffer ints = bytes.asIntBuffer();
    samples.forEach(each -> ints.put(each.length).put(each));
    return bytes.array();
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
