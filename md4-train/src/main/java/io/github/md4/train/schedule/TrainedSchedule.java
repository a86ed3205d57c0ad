// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.schedule;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.train.batch.ExampleBatch;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.internal.update.PreparedMicroBatch;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.parallel.Communicator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The schedule of a model in training, fixed or learned with the network, and the objective that it
 * gives (spec, Sections 1.2, 3 and 2.7). Belongs to the thread of the training, but for {@link
 * #prepare}.
 */
public sealed interface TrainedSchedule extends AutoCloseable
    permits FixedSchedule, LearnedSchedule, LearnedNoiseSchedule {

  /**
   * {@return the schedule of a model at the start of its training}
   *
   * @param parent the manager under which learned numbers live; its device is theirs
   * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
   * @param model length, objective, schedule and network of the model
   * @param training the training's time axis, samples and rates
   * @throws IllegalArgumentException if the training does not suit a learned schedule
   */
  static TrainedSchedule of(
      NDManager parent, TokenSpace space, ModelConfig model, TrainingConfig training) {
    return model
        .schedule()
        .match(
            curve -> FixedSchedule.of(space, model, training),
            powers -> LearnedSchedule.starting(parent, space, powers, model, training),
            noise -> LearnedNoiseSchedule.starting(parent, space, noise, model, training));
  }

  /**
   * Checks the demands of a schedule on its training.
   *
   * @param schedule a curve, or powers to be learned
   * @param training the training's time axis, samples and rates
   * @throws IllegalArgumentException if powers are learned and time is not continuous, or examples
   *     are not masked twice
   */
  static void check(ScheduleConfig schedule, TrainingConfig training) {
    boolean isLearned = schedule.match(curve -> false, powers -> true, noise -> false);
    if (!isLearned) {
      return;
    }
    if (training.batching().samples() != LearnedSchedule.SAMPLES) {
      throw new IllegalArgumentException(
          "training.samples must be %d where model.schedule is learned: %d"
              .formatted(LearnedSchedule.SAMPLES, training.batching().samples()));
    }
    if (!training.timeAxis().isContinuous()) {
      throw new IllegalArgumentException(
          "training.timeAxis must be continuous where model.schedule is learned: "
              + training.timeAxis());
    }
  }

  /**
   * Turns examples and noise into queries, as early as the schedule allows.
   *
   * @param <T> the type of what is made of the queries
   * @param examples the micro-batch: tokens, and the uniforms of times and masks
   * @param ready what is made of the queries: at once where the schedule is fixed, else when the
   *     result is asked for, which the step before has to precede
   * @return what {@code ready} makes, when it is asked for
   */
  <T> Supplier<T> prepare(ExampleBatch examples, Function<QueryBatch, T> ready);

  /**
   * Begins a step, with the schedule as it is now.
   *
   * @return the step, for the micro-batches of one update
   */
  Step begin();

  /** {@return the part of the bound outside the loss, bits per token, which no update changes} */
  double constant();

  /** {@return the numbers for a line of metrics by name; empty where nothing is learned} */
  Map<String, Double> metrics();

  /**
   * {@return the weights' schedule as it is now}
   *
   * @param weights the weights as they are, or their moving average
   */
  Schedule schedule(Weights weights);

  /**
   * {@return the objective with the weights' schedule as it is now}
   *
   * @param weights the weights as they are, or their moving average
   */
  Objective objective(Weights weights);

  /**
   * {@return the learned parameters by the prefix of their names in a model's file; empty where
   * nothing is learned}
   *
   * @param weights the weights as they are, or their moving average
   */
  Map<String, Parameters> weights(Weights weights);

  /**
   * {@return the optimizer's moments of what is learned, by the prefix of their names in a
   * checkpoint's file}
   */
  Map<String, Parameters> moments();

  /**
   * Takes over the state of a checkpoint.
   *
   * @param folder the folder of a checkpoint that this library wrote
   * @throws io.github.md4.core.InvalidDataException if the folder is damaged or of another model
   * @throws IOException if a file cannot be read or written
   */
  void restore(Path folder) throws IOException;

  /** Frees what is learned. */
  @Override
  void close();

  /** One step: the losses of its micro-batches in order, then what is learned from them. */
  interface Step {

    /**
     * Computes the loss of a micro-batch, and leaves its gradient with the logits.
     *
     * @param scope the owner of the loss
     * @param logits the logits of the training pass at the asked rows [R, V]
     * @param part as {@link #prepare} made it ready
     * @return its share of the step's loss, bits per token, one element on the device
     * @hidden its types are internal
     */
    NDArray loss(NDManager scope, Logits logits, PreparedMicroBatch part);

    /** Reads what all losses found: the one wait for the device, before the last backward pass. */
    void allLossesKnown();

    /**
     * Learns while the device is on its backward pass; nothing from an update that is not made.
     *
     * @param update whether the update is made, and at what rate
     * @throws DivergedException if a learned number has left all bounds
     */
    void learn(Update update);
  }

  /**
   * An update of the network.
   *
   * @param number the update's number, from 1
   * @param rate the network's learning rate at this update, at least 0
   * @param isMade whether the guard finds it good; may wait for the device
   * @param communicator adds up what all processes have found
   */
  record Update(long number, double rate, BooleanSupplier isMade, Communicator communicator) {}
}
