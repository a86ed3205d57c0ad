// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.evaluation.EvaluationConfig;
import io.github.md4.train.parallel.ParallelConfig;
import io.github.md4.train.schedule.TrainedSchedule;
import java.nio.file.Path;
import java.util.List;

/**
 * An experiment, as one file of {@code configs/} describes it.
 *
 * @param run the folder of the run
 * @param data the files of its training and evaluation
 */
public record Experiment(
    Path run,
    Data data,
    ModelConfig model,
    TrainingConfig training,
    EvaluationConfig evaluation,
    Sampling sampling,
    CheckpointConfig checkpoints,
    ParallelConfig parallel) {

  /**
   * Checks the model against its training, its data and its samples.
   *
   * @throws IllegalArgumentException the first refusal, with the others suppressed in it
   */
  public Experiment {
    Refusals refusals = new Refusals();
    refusals.add(
        () ->
            require(!run.toString().isBlank(), "run must name the folder of the run; it is empty"));
    refusals.add(() -> TrainedSchedule.check(model.schedule(), training));
    refusals.add(() -> checkClasses(model));
    refusals.add(() -> checkTimeAxis(model, training));
    refusals.check();
  }

  private static void checkClasses(ModelConfig model) {
    boolean isText = model.network().imageShape().isEmpty();
    int classes = model.network().classes();
    require(
        classes == 0 || !isText,
        "model.network.classes must be 0 for text, which has no labels",
        classes);
  }

  private static void checkTimeAxis(ModelConfig model, TrainingConfig training) {
    try {
      model.objective().check(training.timeAxis());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("training.timeAxis: " + e.getMessage(), e);
    }
  }

  /**
   * Token files.
   *
   * @param train the file that is trained on
   * @param evaluate the files that are evaluated, each on its own
   */
  public record Data(Path train, List<Path> evaluate) {}

  /**
   * Samples drawn with each evaluation.
   *
   * @param count the number of samples; 0 draws none
   * @param steps the number of steps of the reverse process
   * @param grid the grid of the steps' times
   * @param seed the seed of all samples
   */
  public record Sampling(int count, int steps, SamplingGrid grid, long seed) {
    private static final int MOST = 1 << 20; // they are all in memory; md4 sample draws any number

    public Sampling {
      require(count >= 0 && count <= MOST, "count must be in [0, " + MOST + "]", count);
      require(steps >= 1 && steps <= MOST, "steps must be in [1, " + MOST + "]", steps);
    }

    /** Returns four samples of a thousand steps on the cosine grid. */
    public static Sampling defaults() {
      return new Sampling(4, 1000, new SamplingGrid.Cosine(), 1);
    }
  }

  /**
   * Checkpoints.
   *
   * @param every the number of steps between them; 0 writes one at the end only
   * @param keepLast the number of newest checkpoints that are kept
   * @param keepEvery keeps those at its multiples too; 0 keeps none of them
   */
  public record CheckpointConfig(long every, int keepLast, long keepEvery) {
    public CheckpointConfig {
      require(every >= 0, "every must be at least 0", every);
      require(keepLast >= 1, "keepLast must be at least 1", keepLast);
      require(keepEvery >= 0, "keepEvery must be at least 0", keepEvery);
    }

    /** Returns the reference's: every 5,000 steps, the last five and every 10,000th. */
    public static CheckpointConfig defaults() {
      return new CheckpointConfig(5000, 5, 10_000);
    }
  }
}
