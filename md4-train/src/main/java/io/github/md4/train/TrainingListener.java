// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.train.config.Reporting;
import io.github.md4.train.optimizer.Spike;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A listener to a training, called between two steps on the training thread, so that the training
 * waits for it. What a method throws ends the run; the last checkpoint stays.
 *
 * <p>Where several processes train together, each tells its own listener the same.
 */
public interface TrainingListener {

  /**
   * {@return a listener to metrics alone}
   *
   * @param consumer hears of the metrics every {@link Reporting#logEvery} steps
   */
  static TrainingListener ofMetrics(Consumer<StepMetrics> consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return new TrainingListener() {
      @Override
      public void onMetrics(StepMetrics metrics) {
        consumer.accept(metrics);
      }
    };
  }

  /**
   * {@return a listener to evaluations alone: every so many steps, by the plan's cadence, and at
   * the end}
   *
   * @param consumer hears the model in training, to score it or to draw samples from its averaged
   *     weights
   */
  static TrainingListener ofEvaluations(Consumer<Learner> consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return new TrainingListener() {
      @Override
      public void onEvaluation(Learner learner) {
        consumer.accept(learner);
      }
    };
  }

  /**
   * {@return a listener that tells all of these, in their order}
   *
   * @param listeners the listeners, in the order in which they are told; where one throws, those
   *     after it are not told
   */
  static TrainingListener all(TrainingListener... listeners) {
    return new ListenerList(List.of(listeners));
  }

  /**
   * A step has been handed to the device; what it computes may not be known yet.
   *
   * @param step the number of updates made
   * @throws IOException if the listener cannot write; it ends the run
   */
  default void onStep(long step) throws IOException {}

  /**
   * Metrics are due.
   *
   * @param metrics the means since the last metrics
   * @throws IOException if the listener cannot write; it ends the run
   */
  default void onMetrics(StepMetrics metrics) throws IOException {}

  /**
   * An evaluation is due: every so many steps, and at the end. Where the run was stopped before, a
   * resumed run makes up for it.
   *
   * @param learner the training as it is now, to be read and not to be closed
   * @throws IOException if the listener cannot write; it ends the run
   */
  default void onEvaluation(Learner learner) throws IOException {}

  /**
   * An evaluation is due, as {@link #onEvaluation(Learner)}. One that takes long may ask whether
   * the training is to stop, and then throw a {@link java.util.concurrent.CancellationException}:
   * the evaluation stays owed, a checkpoint is written, and a resumed run begins with it.
   *
   * @param learner the training as it is now, to be read and not to be closed
   * @param isStopRequested whether the training is to stop
   * @throws IOException if the listener cannot write; it ends the run
   */
  default void onEvaluation(Learner learner, BooleanSupplier isStopRequested) throws IOException {
    onEvaluation(learner);
  }

  /**
   * A checkpoint has been written.
   *
   * @param step the number of updates made
   * @param folder the folder of the checkpoint, complete when this is called
   * @throws IOException if the listener cannot write; it ends the run
   */
  default void onCheckpoint(long step, Path folder) throws IOException {}

  /**
   * An update was not made, which is known some steps later; the run has gone on without it.
   *
   * @param spike the step, and what was out of bounds
   * @throws IOException if the listener cannot write; it ends the run
   */
  default void onSpike(Spike spike) throws IOException {}

  /**
   * An update was not made, and the run has gone back.
   *
   * @param spike the step, and what was out of bounds
   * @param step updates that the run has now seen; it goes on with the batch after the bad one
   * @throws IOException if the listener cannot write; it ends the run
   */
  default void onRollback(Spike spike, long step) throws IOException {}

  /**
   * The metrics of a step.
   *
   * @param step the number of updates made
   * @param bitsPerToken the training loss with its constant term, bits per token, mean since the
   *     last metrics
   * @param gradientNorm the Euclidean norm of the gradient by all parameters before clipping, mean
   *     since the last metrics; NaN where no guard watches it
   * @param learningRate the learning rate of the last update
   * @param speed tokens per second, and the share of the peak
   * @param schedule the numbers of a schedule that is learned, by name; empty where none is
   */
  record StepMetrics(
      long step,
      double bitsPerToken,
      double gradientNorm,
      double learningRate,
      Speed speed,
      Map<String, Double> schedule) {}

  /**
   * The speed since the last metrics, or since the start.
   *
   * @param tokensPerSecond the tokens per second that training has seen, over all processes, each
   *     counted once however often it is masked
   * @param modelFlopsUtilisation the share of the devices' peak that the model's dense-equivalent
   *     operations are, in [0, 1]: see {@link io.github.md4.train.speed.FlopCount}; NaN where the
   *     peak is not known
   */
  record Speed(double tokensPerSecond, double modelFlopsUtilisation) {}
}
