// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A listener to a training, called between two steps on the training thread. */
public interface TrainingListener {

  /**
   * {@return a listener to metrics alone}
   *
   * @param consumer hears of the metrics whenever they are due
   */
  static TrainingListener ofMetrics(Consumer<StepMetrics> consumer) {
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
   * @param listeners the listeners, in the order in which they are told
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
   * @param learner the training as it is now
   * @throws IOException if the listener cannot write; it ends the run
   */
  default void onEvaluation(Learner learner) throws IOException {}

  /**
   * An evaluation is due, as {@link #onEvaluation(Learner)}. One that takes long may ask whether
   * the training is to stop, and then throw a {@link java.util.concurrent.CancellationException}:
   * the evaluation stays owed, a checkpoint is written, and a resumed run begins with it.
   *
   * @param learner the training as it is now
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
   * @param bitsPerToken the training loss with its constant term, mean since the last metrics
   * @param gradientNorm mean since the last metrics; NaN where no guard watches it
   * @param learningRate the learning rate of the update
   * @param speed tokens per second, and the share of the peak
   * @param schedule what there is to say of a schedule that is learned, by name
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
   * @param tokensPerSecond the tokens that training has seen per second
   * @param modelFlopsUtilisation the share of the device's peak that the model's dense-equivalent
   *     operations are; NaN where the peak is not known
   */
  record Speed(double tokensPerSecond, double modelFlopsUtilisation) {}
}
