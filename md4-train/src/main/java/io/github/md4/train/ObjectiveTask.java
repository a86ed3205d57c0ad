// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Units;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Draft;
import io.github.md4.core.diffusion.MaskedBatch;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.internal.torch.Logits;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.Schedule;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * An objective that is the same throughout; only the network learns.
 *
 * @param sequences of a step
 */
record ObjectiveTask(Objective objective, MaskingSchedule curve, int sequences) implements Task {

  @Override
  public double time(double u) {
    return objective.time(u);
  }

  @Override
  public Draft draft(int[][] x, Condition condition, double[][] u) {
    int[][] seen = new int[x.length][];
    IntStream.range(0, x.length)
        .parallel()
        .forEach(b -> seen[b] = objective.seen(x[b], condition.times()[b], u[b]));
    return objective.batch(x, seen, condition);
  }

  @Override
  public float[] rowWeights(MaskedBatch batch) {
    return objective.objectiveWeights(batch, sequences);
  }

  @Override
  public Judge judge() {
    return new Judge() {
      @Override
      public NDArray judge(NDManager scope, Logits logits, Question question) {
        return logits.crossEntropy(scope, question.targets(), question.weights());
      }

      @Override
      public void allJudged() {}

      @Override
      public void learn(Moment moment) {}
    };
  }

  @Override
  public double constant() {
    return Units.bitsPerToken(objective.perToken(0).total());
  }

  @Override
  public Map<String, Double> metrics() {
    return Map.of();
  }

  @Override
  public Schedule schedule(Weights weights) {
    return curve;
  }

  @Override
  public Objective objective(Weights weights) {
    return objective;
  }

  @Override
  public Map<String, Parameters> weights(Weights weights) {
    return Map.of();
  }

  @Override
  public Map<String, Parameters> moments() {
    return Map.of();
  }

  @Override
  public void restore(Path folder) {}

  @Override
  public void close() {}
}
