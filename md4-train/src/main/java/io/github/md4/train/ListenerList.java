// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.train.optimizer.Spike;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Listeners that are told one after another. */
record ListenerList(List<TrainingListener> listeners) implements TrainingListener {
  @Override
  public void onStep(long step) throws IOException {
    for (TrainingListener each : listeners) {
      each.onStep(step);
    }
  }

  @Override
  public void onMetrics(StepMetrics metrics) throws IOException {
    for (TrainingListener each : listeners) {
      each.onMetrics(metrics);
    }
  }

  @Override
  public void onEvaluation(Learner learner, BooleanSupplier isStopRequested) throws IOException {
    for (TrainingListener each : listeners) {
      each.onEvaluation(learner, isStopRequested);
    }
  }

  @Override
  public void onCheckpoint(long step, Path folder) throws IOException {
    for (TrainingListener each : listeners) {
      each.onCheckpoint(step, folder);
    }
  }

  @Override
  public void onSpike(Spike spike) throws IOException {
    for (TrainingListener each : listeners) {
      each.onSpike(spike);
    }
  }

  @Override
  public void onRollback(Spike spike, long step) throws IOException {
    for (TrainingListener each : listeners) {
      each.onRollback(spike, step);
    }
  }
}
