// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.Network;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.data.DataCheck;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.folder.RunLock;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.optimizer.Spike;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.parallel.JobException;
import io.github.md4.train.schedule.TrainedSchedule;
import io.github.md4.train.speed.FlopCount;
import io.github.md4.train.update.Learner;
import io.github.md4.train.update.TrainedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * A run: a folder, a model in training and the data it is trained on. Closing it frees the model
 * and the folder's lock, and nothing that the caller gave it. It belongs to one thread.
 *
 * <p>A resumed run goes on exactly as one that was never stopped: weights, average, moments, data
 * order, times, masks and dropout are those of the step; on a CPU bit for bit with as many engine
 * threads.
 *
 * <pre>{@code
 * TrainingRun.Plan plan = TrainingRun.Plan.of(model, training, data);
 * try (TrainingRun run = TrainingRun.startOrResume(Path.of("runs/one"), plan, data)) {
 *   run.run(TrainingListener.ofMetrics(System.out::println));
 * }
 * }</pre>
 */
public final class TrainingRun implements AutoCloseable {
  /** More are no way out. */
  private static final int ROLLBACKS_TO_ONE_STEP = 10;

  private static final String SAME =
      "all must see the same folder of the run, and the same training.warmStart";

  private final NDManager manager;
  private final RunPlace place;
  private final Network network;
  private final List<String> notes = new ArrayList<>();
  private Learner learner; // null until a start or a checkpoint gives it
  private Trainer trainer;
  private RunLock lock; // null where nothing will be written
  private NDManager owned; // null where a caller's manager is used
  private String beginning = ""; // at which step and with which weights

  /**
   * The plan of a run.
   *
   * @param training length, batches, arithmetic and optimizer of the training
   * @param cadence the steps between evaluations and between checkpoints
   * @param model config, tokenizer and origin of the model, which are written beside the weights
   * @param dataSha256 the SHA-256 of the training tokens, in hexadecimal; a resumed run must have
   *     the same
   * @param communicator the processes that train together; stays the caller's
   */
  public record Plan(
      TrainingConfig training,
      Cadence cadence,
      SavedModel.Description model,
      String dataSha256,
      Communicator communicator) {
    /**
     * Checks that all are there.
     *
     * @param training length, batches, arithmetic and optimizer of the training
     * @param cadence the steps between evaluations and between checkpoints
     * @param model config, tokenizer and origin of the model, which are written beside the weights
     * @param dataSha256 the SHA-256 of the training tokens, in hexadecimal; a resumed run must have
     *     the same
     * @param communicator the processes that train together; stays the caller's
     * @throws NullPointerException if one is null
     */
    public Plan {
      Objects.requireNonNull(training, "training");
      Objects.requireNonNull(cadence, "cadence");
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(dataSha256, "dataSha256");
      Objects.requireNonNull(communicator, "communicator");
    }

    /**
     * Makes the plan of one process.
     *
     * @param training length, batches, arithmetic and optimizer of the training
     * @param cadence the steps between evaluations and between checkpoints
     * @param model config, tokenizer and origin of the model
     * @param dataSha256 the SHA-256 of the training tokens, in hexadecimal; a resumed run must have
     *     the same
     */
    public Plan(
        TrainingConfig training, Cadence cadence, SavedModel.Description model, String dataSha256) {
      this(training, cadence, model, dataSha256, Communicator.alone());
    }

    /**
     * {@return a plan for the tokens of a prepared file, which evaluates and writes a checkpoint at
     * the end alone}
     *
     * @param model length, objective, schedule and network of the model
     * @param training length, batches, arithmetic and optimizer of the training
     * @param tokens the tokens as {@code md4 data} prepared them, memory-mapped
     * @throws InvalidDataException if the file does not say what its tokens are
     */
    public static Plan of(ModelConfig model, TrainingConfig training, TokenFile tokens) {
      return of(model, training, TrainingData.of(tokens));
    }

    /**
     * {@return a plan for data, which evaluates and writes a checkpoint at the end alone}
     *
     * @param model length, objective, schedule and network of the model
     * @param training length, batches, arithmetic and optimizer of the training
     * @param data the training sequences and their tokenizer
     * @throws InvalidDataException if a file does not say what its tokens are
     */
    public static Plan of(ModelConfig model, TrainingConfig training, TrainingData data) {
      return new Plan(
          training,
          Cadence.atTheEnd(),
          new SavedModel.Description(model, data.tokenizer()),
          data.sha256());
    }

    /**
     * {@return the same plan with other distances between evaluations and checkpoints}
     *
     * @param other the steps between evaluations and between checkpoints
     */
    public Plan withCadence(Cadence other) {
      return new Plan(training, other, model, dataSha256, communicator);
    }

    /**
     * {@return the same plan for several processes together, each of which has a run of it}
     *
     * @param others the processes of this training, this one included
     */
    public Plan with(Communicator others) {
      return new Plan(training, cadence, model, dataSha256, others);
    }

    /** Returns the schedule at the start of a training. */
    TrainedSchedule trainedSchedule(NDManager parent) {
      return TrainedSchedule.of(parent, model.tokenSpace(), model.config(), training);
    }
  }

  /** The way in which {@link #run(TrainingListener, BooleanSupplier)} ended. */
  public enum Outcome {
    /** The plan has come to its end. */
    FINISHED,
    /** The training was told to stop; a resumed run goes on. */
    INTERRUPTED
  }

  TrainingRun(NDManager parent, RunPlace place) {
    this.manager = parent.newSubManager();
    this.place = place;
    this.network = place.network(manager);
  }

  /**
   * {@return a run at its start, which holds the folder's lock; closed by the caller}
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param data the data; on a resume those of the run's beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @throws InvalidDataException if the folder already holds a run, is a file, or is in use by
   *     another training, or a file of data does not fit the model
   * @throws InvalidConfigException if the start of the weights is a model that does not fit
   * @throws IllegalArgumentException if the plan was made of other data, sequences that are no file
   *     do not fit the model, or the training not its schedule
   * @throws JobException if the processes have begun differently
   * @throws IOException if a file cannot be read or written
   */
  public static TrainingRun start(RunFolder folder, Plan plan, TrainingData data, NDManager parent)
      throws IOException {
    return new RunOpening(new RunPlace(folder, plan, data), parent).start();
  }

  /**
   * As {@link #start(RunFolder, Plan, TrainingData, NDManager)}, on a prepared file, with its
   * exceptions.
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param tokens the tokens, closed by the caller after the run; on a resume those of the run's
   *     beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @return the run at its start, closed by the caller
   * @throws IOException if a file cannot be read or written
   */
  public static TrainingRun start(RunFolder folder, Plan plan, TokenFile tokens, NDManager parent)
      throws IOException {
    return start(folder, plan, TrainingData.of(tokens), parent);
  }

  /**
   * {@return a run at its start that is tried, by {@link #tryStep}, and never written; closed by
   * the caller}
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param data the data; on a resume those of the run's beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @throws InvalidDataException if the folder already holds a run, or is a file
   * @throws IOException if a file cannot be read or written
   */
  public static TrainingRun trial(RunFolder folder, Plan plan, TrainingData data, NDManager parent)
      throws IOException {
    return new RunOpening(new RunPlace(folder, plan, data), parent).trial();
  }

  /**
   * {@return the run of a folder: at its last checkpoint if there is one, else at its start; closed
   * by the caller}
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param data the data; on a resume those of the run's beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @throws InvalidDataException and {@link InvalidConfigException} as {@link #resume(RunFolder,
   *     Plan, TrainingData, NDManager)}
   * @throws IOException if a file cannot be read or written
   */
  public static TrainingRun startOrResume(
      RunFolder folder, Plan plan, TrainingData data, NDManager parent) throws IOException {
    return Checkpoints.latest(folder.checkpoints()).isPresent()
        ? resume(folder, plan, data, parent)
        : start(folder, plan, data, parent);
  }

  /**
   * As {@link #startOrResume(RunFolder, Plan, TrainingData, NDManager)}, with its exceptions, on
   * DJL's default device, under a manager of its own that is closed with it.
   *
   * @param folder the folder of the run; made where it is absent
   * @param plan what is trained, and how
   * @param data the data; on a resume those of the run's beginning
   * @return the run, closed by the caller
   * @throws IOException if a file cannot be read or written
   */
  public static TrainingRun startOrResume(Path folder, Plan plan, TrainingData data)
      throws IOException {
    NDManager own = NDManager.newBaseManager();
    try {
      TrainingRun run = startOrResume(new RunFolder(folder), plan, data, own);
      run.owned = own;
      return run;
    } catch (IOException | RuntimeException e) {
      own.close();
      throw e;
    }
  }

  /**
   * As {@link #startOrResume(RunFolder, Plan, TrainingData, NDManager)}, on a prepared file, with
   * its exceptions.
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param tokens the tokens, closed by the caller after the run; on a resume those of the run's
   *     beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @return the run, closed by the caller
   * @throws IOException if a file cannot be read or written
   */
  public static TrainingRun startOrResume(
      RunFolder folder, Plan plan, TokenFile tokens, NDManager parent) throws IOException {
    return startOrResume(folder, plan, TrainingData.of(tokens), parent);
  }

  /**
   * {@return the run of a folder at its last checkpoint, which holds the folder's lock; closed by
   * the caller}
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param data the data; on a resume those of the run's beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @throws InvalidDataException if there is no checkpoint, it is damaged, the data are others, or
   *     another training uses the folder
   * @throws InvalidConfigException if model, seed or batch size are not those of the checkpoint
   * @throws IllegalArgumentException if the plan was made of other data than those given
   * @throws IOException if a file cannot be read
   */
  public static TrainingRun resume(RunFolder folder, Plan plan, TrainingData data, NDManager parent)
      throws IOException {
    return new RunOpening(new RunPlace(folder, plan, data), parent).newest();
  }

  /**
   * As {@link #resume(RunFolder, Plan, TrainingData, NDManager)}, on a prepared file, with its
   * exceptions.
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param tokens the tokens, closed by the caller after the run; on a resume those of the run's
   *     beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @return the run, closed by the caller
   * @throws IOException if a file cannot be read
   */
  public static TrainingRun resume(RunFolder folder, Plan plan, TokenFile tokens, NDManager parent)
      throws IOException {
    return resume(folder, plan, TrainingData.of(tokens), parent);
  }

  /**
   * As {@link #resume(RunFolder, Plan, TrainingData, NDManager)}, at the newest checkpoint that is
   * whole. Damaged ones after it are renamed; {@link #notes} names them.
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param data the data; on a resume those of the run's beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @return the run, closed by the caller
   * @throws IOException if a file cannot be read or written
   */
  public static TrainingRun resumeLastGood(
      RunFolder folder, Plan plan, TrainingData data, NDManager parent) throws IOException {
    return new RunOpening(new RunPlace(folder, plan, data), parent).lastGood();
  }

  /**
   * {@return the run of a folder at its last checkpoint before a step, or at its start, to be
   * looked at: its files are not touched; closed by the caller}
   *
   * @param step the update's number, from 1
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param data the data; on a resume those of the run's beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @throws InvalidDataException and {@link InvalidConfigException} as {@link #resume(RunFolder,
   *     Plan, TrainingData, NDManager)}
   * @throws IOException if a file cannot be read
   */
  public static TrainingRun before(
      long step, RunFolder folder, Plan plan, TrainingData data, NDManager parent)
      throws IOException {
    return new RunOpening(new RunPlace(folder, plan, data), parent).before(step);
  }

  /** Becomes the run before its first update. */
  void begin() throws IOException {
    Plan plan = place.plan();
    TrainedModel model = new StartingWeights(plan).model(manager, network);
    beginning = "step 0 and weights " + model.fingerprint();
    learner = new Learner(model, plan.training, plan.communicator);
    trainer = place.trainer(learner);
  }

  /** Becomes the run at a checkpoint. */
  void goTo(Checkpoints.Checkpoint checkpoint, RunState state) throws IOException {
    Plan plan = place.plan();
    TrainedModel model =
        TrainedModel.read(
            manager, network, plan.training, plan.trainedSchedule(manager), checkpoint.folder());
    if (!model.isFinite()) { // what is written is
      model.close();
      throw new InvalidDataException(
          checkpoint.folder(), "has weights or moments that are too large to go on from");
    }
    beginning = "step %d and weights %s".formatted(state.step(), model.fingerprint());
    learner =
        new Learner(model, plan.training, plan.communicator).after(state.step(), state.guard());
    trainer = place.trainer(learner);
    trainer.restore(state);
    noteThreads(state.engineThreads());
    noteEnd();
  }

  /** Goes on where all processes have begun with the same step and weights. */
  TrainingRun agreed() throws IOException {
    try {
      place.plan().communicator.checkSame(beginning, SAME);
      return this;
    } catch (JobException e) {
      close();
      throw e;
    }
  }

  /** Keeps the folder's lock until this is closed. */
  void hold(RunLock taken) {
    lock = taken;
    taken.complaint().ifPresent(notes::add);
  }

  private void noteThreads(int before) {
    int now = trainer.engineThreads();
    if (before > 0 && now > 0 && before != now) {
      notes.add(
          ("the checkpoint was made with %d engine threads, now there are %d: the run goes on, but"
                  + " not bit for bit; --threads %1$d keeps it so")
              .formatted(before, now));
    }
  }

  private void noteEnd() {
    long steps = place.plan().training.steps();
    if (updates() >= steps) {
      notes.add(
          "nothing is left to train: the checkpoint has %d updates, training.steps is %d"
              .formatted(updates(), steps));
    }
  }

  TrainingRun with(List<String> more) {
    notes.addAll(0, more);
    return this;
  }

  /**
   * {@return what the user of a run that was opened should know, a sentence each; empty where there
   * is nothing}
   */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  /** {@return how many updates the run has seen} */
  public long updates() {
    return learner.updates();
  }

  /** {@return the model in training, which is closed with the run} */
  public Learner learner() {
    return learner;
  }

  /**
   * Trains to the end of the plan, evaluates and writes a checkpoint and the model. A run at its
   * end does nothing.
   *
   * @param listener told of metrics, evaluations, checkpoints and spikes, on this thread
   * @throws DivergedException if a loss is not finite; all exceptions are those of {@link
   *     #run(TrainingListener, BooleanSupplier)}
   * @throws IOException if a file cannot be written, or a listener throws it
   */
  public void run(TrainingListener listener) throws IOException {
    Outcome unused = run(listener, () -> false);
  }

  /**
   * Trains to the end of the plan, or until it is told to stop.
   *
   * @param listener told of metrics, evaluations, checkpoints and spikes, on this thread
   * @param isStopRequested asked after each step, on this thread; when true, a checkpoint is
   *     written and the training ends
   * @return whether the plan came to its end
   * @throws DivergedException if a loss is not finite or, with a guard, too many are in a row; the
   *     last checkpoint is from before it
   * @throws InvalidDataException if a file of data is not what it states of itself
   * @throws io.github.md4.core.DeviceException if the device's memory is full; names the
   *     micro-batch that would fit
   * @throws JobException if another process fails
   * @throws IOException if a file cannot be written, or a listener throws it
   */
  public Outcome run(TrainingListener listener, BooleanSupplier isStopRequested)
      throws IOException {
    try (DataCheck data = place.checkData()) {
      return run(new Trainer.Conduct(listener, isStopRequested, meter(), data));
    } catch (DivergedException e) {
      Optional<Checkpoints.Checkpoint> last = Checkpoints.latest(place.folder().checkpoints());
      throw e.after(last.isPresent() ? OptionalLong.of(last.get().step()) : OptionalLong.empty());
    }
  }

  private Outcome run(Trainer.Conduct conduct) throws IOException {
    TrainingListener listener = conduct.listener();
    Trainer.End end = trainer.run(manager, conduct);
    int rollbacks = 0;
    long step = -1;
    while (end.spike().isPresent()) {
      Spike spike = end.spike().get();
      goBack(spike);
      rollbacks = learner.updates() == step ? rollbacks + 1 : 1;
      step = learner.updates();
      if (rollbacks > ROLLBACKS_TO_ONE_STEP) {
        throw stuck(spike);
      }
      listener.onRollback(spike, step);
      end = trainer.run(manager, conduct);
    }
    return end.outcome();
  }

  private SpeedMeter meter() {
    Plan plan = place.plan();
    FlopCount flops =
        FlopCount.of(plan.model.config(), network.specs())
            .times(plan.training.batching().samples());
    double peak =
        plan.training.reporting().peakFlops().of(manager, plan.training.computation().precision());
    return new SpeedMeter(flops.denseEquivalent(), peak * plan.communicator.share().size());
  }

  /** Becomes what it was at its last checkpoint, and goes on with the batch after the bad one. */
  private void goBack(Spike spike) throws IOException {
    Checkpoints.Checkpoint last =
        Checkpoints.latest(place.folder().checkpoints())
            .orElseThrow(
                () ->
                    new InvalidDataException(
                        place.folder().path(),
                        "has lost the checkpoints that it was to go back to"));
    learner.close();
    goTo(last, RunState.read(last.folder()));
    TrainingRun unused = agreed();
    trainer.leaveBehind(spike.examples().last() + 1);
  }

  private DivergedException stuck(Spike spike) {
    return new DivergedException(
        "%d times the run went back to step %d, the last time from step %d (seed %d)"
            .formatted(
                ROLLBACKS_TO_ONE_STEP,
                learner.updates(),
                spike.step(),
                place.plan().training.seed()),
        "lower training.learningRate.base or give training.guard, %s, more deviations"
            .formatted(place.plan().training.optimization().guard()));
  }

  /**
   * Makes the updates before a step again and returns what that step was; it is not made. Nothing
   * is written.
   *
   * @param step the update's number, from 1; above {@link #updates}
   * @param progress hears how many updates there are now
   * @return loss and gradients of the step
   * @throws IllegalArgumentException if the run has seen the step already
   */
  public Replay replay(long step, LongConsumer progress) {
    require(step > updates(), "step must be above the updates made, " + updates(), step);
    trainer.advance(manager, step - 1, progress);
    return trainer.look();
  }

  /**
   * Makes the next update, writes nothing, and returns the loss before it in bits per token: what a
   * first look at a configuration needs.
   *
   * @return the loss with its constant term, bits per token; may be infinite or NaN
   * @throws io.github.md4.core.DeviceException if the device's memory is full; names the
   *     micro-batch that would fit
   */
  public double tryStep() {
    return trainer.tryStep(manager);
  }

  /** Frees the model in training and the lock of the folder. */
  @Override
  public void close() throws IOException {
    if (learner != null) {
      learner.close();
    }
    network.close();
    manager.close();
    if (owned != null) {
      owned.close();
    }
    if (lock != null) {
      lock.close();
    }
  }
}
