// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Draft;
import io.github.md4.core.diffusion.MaskedBatch;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.Logits;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.schedule.LearnedPowers;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.core.schedule.TimeAxis;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * What a network is trained for: how examples are masked, how its guesses are judged, and what
 * learns from that beside the network.
 */
public sealed interface Task extends AutoCloseable permits ObjectiveTask, GenMd4Training {

  /**
   * Returns the task of a model at the start of its training.
   *
   * @throws IllegalArgumentException as {@link #check}
   */
  static Task of(NDManager parent, TokenSpace space, ModelConfig model, TrainingConfig training) {
    check(model.schedule(), training);
    return model.schedule() instanceof LearnedPowers learned
        ? GenMd4Training.starting(parent, space, learned, model.epsilon(), training)
        : new ObjectiveTask(
            model.objective(space, training.timeAxis()),
            model.maskingSchedule(),
            training.sequences());
  }

  /**
   * Checks what a learned schedule asks of its training.
   *
   * @throws IllegalArgumentException if time is not continuous, or examples are not masked twice
   */
  static void check(ScheduleConfig schedule, TrainingConfig training) {
    if (!(schedule instanceof LearnedPowers)) {
      return;
    }
    if (training.samples() != GenMd4Training.SAMPLES) {
      throw new IllegalArgumentException(
          "training: samples must be %d where model.schedule is learned: %d"
              .formatted(GenMd4Training.SAMPLES, training.samples()));
    }
    if (!(training.timeAxis() instanceof TimeAxis.Continuous)) {
      throw new IllegalArgumentException(
          "training: timeAxis must be continuous where model.schedule is learned: "
              + training.timeAxis());
    }
  }

  /** Returns the time in [0, 1] that a uniform in [0, 1) stands for. */
  double time(double u);

  /**
   * Returns examples to be masked.
   *
   * @param x clean tokens [B, N]
   * @param condition times that {@link #time} gave, and classes where there are classes
   * @param u uniforms in [0, 1), [B, N]
   */
  Draft draft(int[][] x, Condition condition, double[][] u);

  /** Returns what each row's loss counts in that of a step, with the schedule as it is now [R]. */
  float[] rowWeights(MaskedBatch batch);

  /**
   * What a network is asked of a micro-batch.
   *
   * @param targets clean tokens at the asked rows [R]
   * @param weights that {@link #rowWeights} gave [R]
   */
  public record Question(MaskedBatch batch, int[] targets, float[] weights) {}

  /** Begins to judge the guesses of a step. */
  Judge judge();

  /** Returns what the bound has besides the loss, bits per token: nothing that is learned. */
  double constant();

  /** Returns what a line of metrics says of the schedule; empty where it is not learned. */
  Map<String, Double> metrics();

  /** Returns the weights' schedule as it is now. */
  Schedule schedule(Weights weights);

  /** Returns what a score of the weights estimates: with the schedule as it is now. */
  Objective objective(Weights weights);

  /** Returns what it has learned, by the prefix of its names in a model's file; may be empty. */
  Map<String, Parameters> weights(Weights weights);

  /** Returns what its optimizer knows, by prefix; may be empty. */
  Map<String, Parameters> moments();

  /**
   * Makes this what a checkpoint has.
   *
   * @throws io.github.md4.core.InvalidDataException if the folder is damaged or of another model
   */
  void restore(Path folder) throws IOException;

  @Override
  void close();

  /** The judging of one step: of each of its masked samples, in order. */
  interface Judge {

    /**
     * Judges guesses; the gradient takes their place.
     *
     * @return what they add to the step's loss, bits per token, one element on the device
     */
    NDArray judge(NDManager scope, Logits logits, Question question);

    /**
     * Reads what was found of all samples: the one wait for the device, before the last way back is
     * queued.
     */
    void allJudged();

    /**
     * Learns, while the device is on its way back; nothing from an update that is not made.
     *
     * @throws DivergedException if what is learned has left all bounds
     */
    void learn(Moment moment);
  }

  /**
   * Which update a step is.
   *
   * @param update 1 for the first
   * @param rate the network's learning rate
   * @param isMade whether the guard finds it good; may wait for the device
   */
  record Moment(long update, double rate, BooleanSupplier isMade) {}
}
