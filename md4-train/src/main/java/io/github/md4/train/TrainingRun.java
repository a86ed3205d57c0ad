// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.Network;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.data.Windows;
import io.github.md4.train.data.image.ImageFit;
import io.github.md4.train.data.image.ImageWindows;
import java.io.IOException;
import java.nio.file.Files;
import java.util.function.BooleanSupplier;
import java.util.function.LongToIntFunction;

/**
 * A run: a folder, a model in training and the data it is trained on.
 *
 * <p>A resumed run goes on exactly as one that was never stopped: weights, average, moments, data
 * order, times, masks and dropout are those of the step; on a CPU bit for bit.
 */
public final class TrainingRun implements AutoCloseable {
  private final NDManager manager;
  private final Network network;
  private final Learner learner;
  private final Trainer trainer;

  /**
   * What a run does and when.
   *
   * @param model what is written beside the weights
   * @param dataSha256 of the training tokens
   */
  public record Plan(
      TrainingConfig training, Schedule schedule, SavedModel.Description model, String dataSha256) {

    /** Returns what is trained for. */
    public Objective objective() {
      return model.config().objective(model.tokenSpace(), training.timeAxis());
    }
  }

  /**
   * When what is not training happens; 0 is never, except at the end.
   *
   * @param evaluateEvery steps between evaluations
   * @param checkpointEvery steps between checkpoints
   * @param keepLast checkpoints that stay
   * @param keepEvery checkpoints at its multiples stay too
   */
  public record Schedule(long evaluateEvery, long checkpointEvery, int keepLast, long keepEvery) {}

  /** How a run ended. */
  public enum Outcome {
    FINISHED,
    INTERRUPTED
  }

  private TrainingRun(NDManager manager, Network network, Learner learner, Trainer trainer) {
    this.manager = manager;
    this.network = network;
    this.learner = learner;
    this.trainer = trainer;
  }

  /**
   * Returns a run at its start.
   *
   * @throws InvalidDataException if the folder already holds a run, or is a file
   */
  public static TrainingRun start(RunFolder folder, Plan plan, TokenFile tokens, NDManager parent)
      throws IOException {
    if (Files.exists(folder.path()) && !Files.isDirectory(folder.path())) {
      throw new InvalidDataException(
          folder.path(), "is a file; a run needs a folder: name another");
    }
    if (Checkpoints.latest(folder.checkpoints()).isPresent() || Files.exists(folder.model())) {
      throw new InvalidDataException(
          folder.path(), "already holds a run; go on with --resume or name another folder");
    }
    NDManager manager = parent.newSubManager();
    Network network = plan.model.network(manager, plan.training.precision());
    Learner learner = Learner.initial(manager, network, plan.training, plan.objective());
    return new TrainingRun(manager, network, learner, trainer(folder, plan, tokens, learner));
  }

  /**
   * Returns the run of a folder at its last checkpoint.
   *
   * @throws InvalidDataException if there is no checkpoint, it is damaged, or the data are others
   * @throws InvalidConfigException if model, seed or batch size are not those of the checkpoint
   */
  public static TrainingRun resume(RunFolder folder, Plan plan, TokenFile tokens, NDManager parent)
      throws IOException {
    if (Files.isDirectory(folder.checkpoints())) {
      AtomicWrite.recover(folder.checkpoints());
    }
    Checkpoints.Checkpoint last =
        Checkpoints.latest(folder.checkpoints())
            .orElseThrow(
                () -> new InvalidDataException(folder.path(), "has no checkpoint to resume from"));
    RunState state = RunState.read(last.folder());
    check(state, plan, last);
    checkModel(plan, last);
    NDManager manager = parent.newSubManager();
    Network network = plan.model.network(manager, plan.training.precision());
    Learner.Source source = new Learner.Source(last.folder(), state.step());
    Learner learner = Learner.read(manager, network, plan.training, plan.objective(), source);
    Trainer trainer = trainer(folder, plan, tokens, learner);
    trainer.restore(state);
    return new TrainingRun(manager, network, learner, trainer);
  }

  /** Returns how many updates the run has seen. */
  public long updates() {
    return learner.updates();
  }

  /** Returns the model in training. */
  public Learner learner() {
    return learner;
  }

  /**
   * Trains to the end of the plan.
   *
   * @param isStopRequested asked after each step; when true, a checkpoint is written and the
   *     training ends
   * @throws DivergedException if a loss is not finite; the last checkpoint is from before it
   */
  public Outcome run(TrainingListener listener, BooleanSupplier isStopRequested)
      throws IOException {
    return trainer.run(manager, listener, isStopRequested);
  }

  /**
   * Makes the next update, writes nothing, and returns the loss before it in bits per token: what a
   * first look at a configuration needs.
   */
  public double tryStep() {
    return trainer.tryStep(manager);
  }

  @Override
  public void close() {
    learner.close();
    network.close();
    manager.close();
  }

  private static Windows windows(TokenFile tokens, Plan plan) throws IOException {
    ModelConfig model = plan.model.config();
    long seed = plan.training.seed();
    ImageFit.check(tokens, model.network());
    if (model.network().imageShape().isEmpty()) {
      return Windows.of(tokens, model.length(), seed);
    }
    LongToIntFunction labels = ImageFit.labels(tokens, model.network(), model.length());
    return new ImageWindows(tokens, model.length(), seed, labels);
  }

  private static Trainer trainer(RunFolder folder, Plan plan, TokenFile tokens, Learner learner)
      throws IOException {
    TrainingConfig training = plan.training;
    Windows windows = windows(tokens, plan);
    Batches.Shape shape =
        new Batches.Shape(training.batchSize(), training.microBatch(), training.timeSampling());
    Batches batches = new Batches(windows, plan.objective(), new Noise(training.seed()), shape);
    return new Trainer(folder, plan, learner, batches);
  }

  /** Weights fit many a model that is not theirs: another schedule, say. */
  private static void checkModel(Plan plan, Checkpoints.Checkpoint checkpoint) throws IOException {
    SavedModel.Description saved = SavedModel.Description.read(checkpoint.folder());
    if (!saved.config().equals(plan.model.config())) {
      throw new InvalidConfigException(
          "model",
          "must be the checkpoint's, as config.json in %s has it".formatted(checkpoint.folder()));
    }
    if (!saved.tokenizer().equals(plan.model.tokenizer())) {
      throw new InvalidDataException(
          checkpoint.folder(),
          "has another vocabulary than data.train; take the data it began with");
    }
  }

  private static void check(RunState state, Plan plan, Checkpoints.Checkpoint checkpoint) {
    if (!state.dataSha256().equals(plan.dataSha256)) {
      throw new InvalidDataException(
          checkpoint.folder(), "was trained on other tokens than data.train (SHA-256 differs)");
    }
    if (state.seed() != plan.training.seed()) {
      throw new InvalidConfigException(
          "training.seed",
          "must be the checkpoint's, %d: %d".formatted(state.seed(), plan.training.seed()));
    }
    if (state.dataPosition() != state.step() * plan.training.batchSize()) {
      throw new InvalidConfigException(
          "training.batchSize",
          "must be the checkpoint's, %d: %d"
              .formatted(state.dataPosition() / state.step(), plan.training.batchSize()));
    }
  }
}
