// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.schedule;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Units;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.train.batch.ExampleBatch;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.internal.update.PreparedMicroBatch;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** A schedule that stays as it is; only the network learns. */
record FixedSchedule(Objective objective, Schedule schedule) implements TrainedSchedule {

  static FixedSchedule of(TokenSpace space, ModelConfig model, TrainingConfig training) {
    Schedule schedule = model.schedule().starting(space.vocabularySize(), model.epsilon());
    Objective objective =
        model.objective(space, schedule, training.timeAxis(), TimeFloor.REFERENCE);
    return new FixedSchedule(objective, schedule);
  }

  @Override
  public <T> Supplier<T> prepare(ExampleBatch examples, Function<QueryBatch, T> ready) {
    T made = ready.apply(examples.queries(objective));
    return () -> made;
  }

  @Override
  public Step begin() {
    RowLoss loss = objective.rowLoss();
    return new Step() {
      @Override
      public NDArray loss(NDManager scope, Logits logits, PreparedMicroBatch part) {
        return loss.weightedSum(scope, logits, part.rows(), part.weights());
      }

      @Override
      public void allLossesKnown() {}

      @Override
      public void learn(Update update) {}
    };
  }

  @Override
  public double constant() {
    return Units.bitsPerToken(objective.terms(0).total());
  }

  @Override
  public Map<String, Double> metrics() {
    return Map.of();
  }

  @Override
  public Schedule schedule(Weights weights) {
    return schedule;
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
