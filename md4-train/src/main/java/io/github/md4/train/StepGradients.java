// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.noise.Noise;
import io.github.md4.train.UpdateListener.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The loss and the gradients of steps, each summed over its micro-batches. */
final class StepGradients {
  private final TrainedModel model;
  private final TrainableNetwork trainable;
  private final Noise noise;
  private final int sequences;
  private FlatArrays sum;

  StepGradients(TrainedModel model, TrainableNetwork trainable, TrainingConfig config) {
    this.model = model;
    this.trainable = trainable;
    this.noise = new Noise(config.seed());
    this.sequences = config.batching().sequences();
  }

  /**
   * Makes a batch ready, on any thread.
   *
   * @param index its number among the run's batches: dropout depends on it
   */
  PreparedStep prepare(long index, List<ExampleBatch> batches) {
    List<Supplier<PreparedStep.Part>> parts = new ArrayList<>();
    int first = 0;
    for (ExampleBatch batch : batches) {
      DropoutNoise dropout = new DropoutNoise(noise, index, first);
      parts.add(model.trainedSchedule().prepare(batch, queries -> ready(queries, dropout)));
      first += batch.batchSize();
    }
    return new PreparedStep(index, parts);
  }

  /** Makes the first examples of a step ready, as a step of their own. */
  PreparedStep first(PreparedStep step, int examples) {
    PreparedStep.Part few = ready(step.first(examples), new DropoutNoise(noise, step.index(), 0));
    return new PreparedStep(step.index(), List.of(() -> few));
  }

  private PreparedStep.Part ready(QueryBatch queries, DropoutNoise dropout) {
    NetworkInput input = new NetworkInput(queries.zt(), queries.condition(), queries.rows());
    return new PreparedStep.Part(
        trainable.prepare(input, dropout), queries, queries.asked(), queries.rowWeights(sequences));
  }

  /**
   * The loss and the gradients of a step.
   *
   * @param loss mean bits per token, one element
   * @param sum the gradients by all parameters
   * @param schedule the step of the schedule, which may learn from it
   */
  record Gradients(NDArray loss, FlatArrays sum, TrainedSchedule.Step schedule) {}

  /** Computes a step's loss and gradients, and tells {@code listener} when a phase is queued. */
  Gradients of(NDManager scope, PreparedStep step, UpdateListener listener) {
    TrainedSchedule.Step schedule = model.trainedSchedule().begin();
    int last = step.parts().size() - 1;
    NDArray loss = null;
    FlatArrays gradients = trainable.gradients();
    for (int i = 0; i <= last; i++) {
      PreparedStep.Part part = step.parts().get(i).get();
      try (TrainingPass pass = part.input().forward(scope)) {
        listener.after(Phase.FORWARD);
        NDArray ofPart = schedule.loss(scope, pass.logits(), part);
        if (i == last) {
          schedule.allLossesKnown();
        }
        listener.after(Phase.LOSS);
        pass.backward();
        listener.after(Phase.BACKWARD);
        loss = loss == null ? ofPart : loss.add(ofPart);
      }
      if (last > 0) {
        gradients = added(i, listener);
      }
    }
    return new Gradients(loss, gradients, schedule);
  }

  private FlatArrays added(int part, UpdateListener listener) {
    FlatArrays sums = sum();
    if (part == 0) {
      trainable.optimizer().copy(sums, trainable.gradients());
    } else {
      trainable.optimizer().add(sums, trainable.gradients());
      listener.after(Phase.BACKWARD);
    }
    return sums;
  }

  /** Returns the sums over micro-batches: float32, also where gradients are not. */
  FlatArrays sum() {
    if (sum == null) {
      sum = model.parameters().flat().zeros(Precision.FLOAT32);
    }
    return sum;
  }
}
