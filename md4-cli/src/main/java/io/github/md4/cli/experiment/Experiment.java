// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.ModelObjective;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.train.Task;
import io.github.md4.train.TrainingConfig;
import io.github.md4.train.evaluation.EvaluationConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * One file of {@code configs/}: one experiment.
 *
 * @param run the folder that the run gets
 * @param data what it is trained and evaluated on
 */
public record Experiment(
    Path run,
    Data data,
    ModelConfig model,
    TrainingConfig training,
    EvaluationConfig evaluation,
    Sampling sampling,
    CheckpointConfig checkpoints) {

  /** Checks what must hold between model and data. */
  public Experiment {
    Task.check(model.schedule(), training);
    boolean isText = model.network().imageShape().isEmpty();
    int classes = model.network().classes();
    require(
        classes == 0 || !isText,
        "model: network.classes must be 0, files of text have no labels",
        classes);
    require(
        model.objective() == ModelObjective.MASKED_DIFFUSION || sampling.count() == 0,
        "sampling: count must be 0, samples are drawn from masked diffusion models alone",
        sampling.count());
  }

  /**
   * Token files.
   *
   * @param train trained on
   * @param evaluate scored, each on its own
   */
  public record Data(Path train, List<Path> evaluate) {}

  /**
   * Samples drawn with each evaluation.
   *
   * @param count how many; 0 is none
   * @param steps of the reverse process
   * @param grid where the steps' times lie
   * @param seed of all samples
   */
  public record Sampling(int count, int steps, SamplingGrid grid, long seed) {
    public Sampling {
      require(count >= 0, "count must be at least 0", count);
      require(steps >= 1, "steps must be at least 1", steps);
    }

    /** Returns four samples of a thousand steps on the cosine grid. */
    public static Sampling defaults() {
      return new Sampling(4, 1000, new SamplingGrid.Cosine(), 1);
    }
  }

  /**
   * Checkpoints.
   *
   * @param every steps between them; 0 is at the end only
   * @param keepLast how many of the newest stay
   * @param keepEvery those at multiples of so many steps stay too; 0 is none
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
