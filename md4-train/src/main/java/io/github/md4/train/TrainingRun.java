// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.torch.EngineEnvironment;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.parallel.JobException;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
 * TrainingPlan plan = TrainingPlan.of(model, training, data);
 * try (TrainingRun run = TrainingRun.startOrResume(Path.of("runs/one"), plan, data)) {
 *   run.run(TrainingListener.ofMetrics(System.out::println));
 * }
 * }</pre>
 */
public final class TrainingRun implements AutoCloseable {
  private final OpenRun run;
  private final NDManager owned; // null where a caller's manager is used

  /** The way in which {@link #run(TrainingListener, BooleanSupplier)} ended. */
  public enum Outcome {
    /** The plan has come to its end. */
    FINISHED,
    /** The training was told to stop; a resumed run goes on. */
    INTERRUPTED
  }

  private TrainingRun(OpenRun run, NDManager owned) {
    this.run = run;
    this.owned = owned;
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
  public static TrainingRun start(
      RunFolder folder, TrainingPlan plan, TrainingData data, NDManager parent) throws IOException {
    return new TrainingRun(new RunOpening(RunPlace.of(folder, plan, data), parent).start(), null);
  }

  /**
   * As {@link #start(RunFolder, TrainingPlan, TrainingData, NDManager)}, on a prepared file, with
   * its exceptions.
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param tokens the tokens, closed by the caller after the run; on a resume those of the run's
   *     beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @return the run at its start, closed by the caller
   * @throws IOException if a file cannot be read or written
   */
  public static TrainingRun start(
      RunFolder folder, TrainingPlan plan, TokenFile tokens, NDManager parent) throws IOException {
    return start(folder, plan, TrainingData.of(tokens), parent);
  }

  /**
   * {@return a run at its start that is tried, by {@link #tryStep}, and never written; closed by
   * the caller} It takes and leaves no lock.
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param data the data; on a resume those of the run's beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @throws InvalidDataException if the folder already holds a run, is a file, or is in use by
   *     another training
   * @throws IOException if a file cannot be read, or the run could not be written
   */
  public static TrainingRun trial(
      RunFolder folder, TrainingPlan plan, TrainingData data, NDManager parent) throws IOException {
    return new TrainingRun(new RunOpening(RunPlace.of(folder, plan, data), parent).trial(), null);
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
   *     TrainingPlan, TrainingData, NDManager)}
   * @throws IOException if a file cannot be read or written
   */
  public static TrainingRun startOrResume(
      RunFolder folder, TrainingPlan plan, TrainingData data, NDManager parent) throws IOException {
    return Checkpoints.latest(folder.checkpoints()).isPresent()
        ? resume(folder, plan, data, parent)
        : start(folder, plan, data, parent);
  }

  /**
   * As {@link #startOrResume(RunFolder, TrainingPlan, TrainingData, NDManager)}, with its
   * exceptions, on DJL's default device, under a manager of its own that is closed with it.
   *
   * @param folder the folder of the run; made where it is absent
   * @param plan what is trained, and how
   * @param data the data; on a resume those of the run's beginning
   * @return the run, closed by the caller
   * @throws IOException if a file cannot be read or written
   */
  public static TrainingRun startOrResume(Path folder, TrainingPlan plan, TrainingData data)
      throws IOException {
    EngineEnvironment.prepare();
    NDManager own = NDManager.newBaseManager();
    try {
      return new TrainingRun(startOrResume(new RunFolder(folder), plan, data, own).run, own);
    } catch (IOException | RuntimeException e) {
      own.close();
      throw e;
    }
  }

  /**
   * As {@link #startOrResume(RunFolder, TrainingPlan, TrainingData, NDManager)}, on a prepared
   * file, with its exceptions.
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
      RunFolder folder, TrainingPlan plan, TokenFile tokens, NDManager parent) throws IOException {
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
  public static TrainingRun resume(
      RunFolder folder, TrainingPlan plan, TrainingData data, NDManager parent) throws IOException {
    return new TrainingRun(new RunOpening(RunPlace.of(folder, plan, data), parent).newest(), null);
  }

  /**
   * As {@link #resume(RunFolder, TrainingPlan, TrainingData, NDManager)}, on a prepared file, with
   * its exceptions.
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param tokens the tokens, closed by the caller after the run; on a resume those of the run's
   *     beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @return the run, closed by the caller
   * @throws IOException if a file cannot be read
   */
  public static TrainingRun resume(
      RunFolder folder, TrainingPlan plan, TokenFile tokens, NDManager parent) throws IOException {
    return resume(folder, plan, TrainingData.of(tokens), parent);
  }

  /**
   * As {@link #resume(RunFolder, TrainingPlan, TrainingData, NDManager)}, at the newest checkpoint
   * that is whole. Damaged ones after it are renamed; {@link #notes} names them.
   *
   * @param folder the folder of the run
   * @param plan what is trained, and how
   * @param data the data; on a resume those of the run's beginning
   * @param parent the manager under which the arrays live; its device trains. It stays the caller's
   * @return the run, closed by the caller
   * @throws IOException if a file cannot be read or written
   */
  public static TrainingRun resumeLastGood(
      RunFolder folder, TrainingPlan plan, TrainingData data, NDManager parent) throws IOException {
    return new TrainingRun(
        new RunOpening(RunPlace.of(folder, plan, data), parent).lastGood(), null);
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
   *     TrainingPlan, TrainingData, NDManager)}
   * @throws IOException if a file cannot be read
   */
  public static TrainingRun before(
      long step, RunFolder folder, TrainingPlan plan, TrainingData data, NDManager parent)
      throws IOException {
    return new TrainingRun(
        new RunOpening(RunPlace.of(folder, plan, data), parent).before(step), null);
  }

  /**
   * {@return what the user of a run that was opened should know, a sentence each; empty where there
   * is nothing}
   */
  public List<String> notes() {
    return run.notes();
  }

  /** {@return how many updates the run has seen} */
  public long updates() {
    return run.updates();
  }

  /** {@return the model in training, which is closed with the run} */
  public Learner learner() {
    return run.learner();
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
    return run.run(listener, isStopRequested);
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
    return run.replay(step, progress);
  }

  /**
   * Waits until the data have been compared with the SHA-256 that their files state, as {@link
   * #run(TrainingListener)} does beside its first steps.
   *
   * @throws InvalidDataException if they are others
   * @throws IOException if a file cannot be read
   */
  public void awaitDataCheck() throws IOException {
    run.awaitDataCheck();
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
    return run.tryStep();
  }

  /** Frees the model in training and the lock of the folder. */
  @Override
  public void close() throws IOException {
    run.close();
    if (owned != null) {
      owned.close();
    }
  }
}
