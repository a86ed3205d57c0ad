// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.Weights;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.train.TrainedSchedule;
import io.github.md4.train.TrainingConfig;
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
    Evaluation evaluation,
    Sampling sampling,
    CheckpointPlan checkpoints) {

  /** Checks what must hold between model and data. */
  public Experiment {
    TrainedSchedule.check(model.schedule(), training);
    boolean isText = model.network().imageShape().isEmpty();
    int classes = model.network().classes();
    require(
        classes == 0 || !isText,
        "model: network.classes must be 0, files of text have no labels",
        classes);
    require(
        model.objective().isSampledByUnmasking() || sampling.count() == 0,
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
   * Scoring on the way.
   *
   * @param every steps between evaluations; 0 is at the end only
   * @param passes times and masks for each chunk
   * @param chunks how many of a file's chunks, from its beginning; 0 is all
   * @param batchSize chunks the device holds at once
   * @param seed of times and masks
   * @param weights which weights, each scored on its own
   * @param keepBest whether the model with the lowest score, by the first file and weights, is kept
   */
  public record Evaluation(
      long every,
      int passes,
      long chunks,
      int batchSize,
      long seed,
      List<Weights> weights,
      boolean keepBest) {
    public Evaluation {
      require(every >= 0, "every must be at least 0", every);
      require(passes >= 1, "passes must be at least 1", passes);
      require(chunks >= 0, "chunks must be at least 0", chunks);
      require(batchSize >= 1, "batchSize must be at least 1", batchSize);
      require(!weights.isEmpty(), "weights must name ema, raw or both", weights);
    }

    /** Returns the reference's: every 5,000 steps, all chunks once, averaged weights. */
    public static Evaluation defaults() {
      return new Evaluation(5000, 1, 0, 512, 1, List.of(Weights.EMA), false);
    }
  }

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
  public record CheckpointPlan(long every, int keepLast, long keepEvery) {
    public CheckpointPlan {
      require(every >= 0, "every must be at least 0", every);
      require(keepLast >= 1, "keepLast must be at least 1", keepLast);
      require(keepEvery >= 0, "keepEvery must be at least 0", keepEvery);
    }

    /** Returns the reference's: every 5,000 steps, the last five and every 10,000th. */
    public static CheckpointPlan defaults() {
      return new CheckpointPlan(5000, 5, 10_000);
    }
  }
}
