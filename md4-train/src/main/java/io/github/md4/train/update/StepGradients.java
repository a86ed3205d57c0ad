// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.update;

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
import io.github.md4.train.batch.ExampleBatch;
import io.github.md4.train.config.Batching;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.internal.update.PreparedMicroBatch;
import io.github.md4.train.internal.update.PreparedStep;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.parallel.GradientExchange;
import io.github.md4.train.parallel.GradientExchange.Earlier;
import io.github.md4.train.parallel.Share;
import io.github.md4.train.schedule.TrainedSchedule;
import io.github.md4.train.update.UpdateListener.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The loss and the gradients of steps, each summed over its micro-batches. */
final class StepGradients {
  /** How many sizes the arrays of rows on a CPU have. */
  private static final int SIZES = 16;

  private final TrainedModel model;
  private final TrainableNetwork trainable;
  private final Noise noise;
  private final Batching batching;
  private final Communicator communicator;
  private final GradientExchange exchange;
  private final GradientExchange whole;
  private final GradientExchange own;
  private FlatArrays sum;

  StepGradients(
      TrainedModel model,
      TrainableNetwork trainable,
      TrainingConfig config,
      Communicator communicator) {
    this.model = model;
    this.trainable = trainable;
    this.noise = new Noise(config.seed());
    this.batching = config.batching();
    this.communicator = communicator;
    GradientExchange.Local local = new GradientExchange.Local(trainable, this::sum);
    this.exchange = communicator.gradientsOfState(local);
    this.whole = communicator.gradients(local);
    this.own = Communicator.alone().gradients(local);
  }

  /**
   * Makes a batch ready, on any thread.
   *
   * @param index its number among the run's batches: dropout depends on it
   */
  PreparedStep prepare(long index, List<ExampleBatch> batches) {
    List<Supplier<PreparedMicroBatch>> parts = new ArrayList<>();
    int first = 0;
    for (ExampleBatch batch : batches) {
      DropoutNoise dropout = dropout(index, first);
      parts.add(model.trainedSchedule().prepare(batch, queries -> ready(queries, dropout)));
      first += batch.batchSize();
    }
    return new PreparedStep(index, parts);
  }

  /**
   * Returns the noise of a micro-batch.
   *
   * @param first the number of its first sequence among this process's, over all samples
   */
  private DropoutNoise dropout(long index, int first) {
    Share share = communicator.share();
    int examples = share.of(batching.batchSize());
    int ofSample = first / examples * batching.batchSize();
    return new DropoutNoise(noise, index, ofSample + share.global(first % examples), share.size());
  }

  /** Makes the first examples of a step ready, as a step of their own. */
  PreparedStep first(PreparedStep step, int examples) {
    PreparedMicroBatch few = ready(step.first(examples), new DropoutNoise(noise, step.index(), 0));
    return new PreparedStep(step.index(), List.of(() -> few));
  }

  private PreparedMicroBatch ready(QueryBatch asked, DropoutNoise dropout) {
    QueryBatch queries = asked.filled(rowStep(asked));
    NetworkInput input = new NetworkInput(queries.zt(), queries.condition(), queries.rows());
    return new PreparedMicroBatch(
        trainable.prepare(input, dropout),
        queries,
        queries.asked(),
        queries.rowWeights(batching.sequences()));
  }

  /**
   * Returns what the number of rows is a multiple of. On a CPU arrays of another size in each step
   * would seldom find the place of those before them, and the C library's heap would break up
   * (docs/lab/performance.md).
   */
  private int rowStep(QueryBatch asked) {
    boolean isOnGpu = model.manager().getDevice().isGpu();
    return isOnGpu ? 1 : Math.max(1, asked.batchSize() * asked.length() / SIZES);
  }

  /**
   * The loss and the gradients of a step, over all processes.
   *
   * @param loss mean bits per token, one element
   * @param sum the gradients by all parameters
   * @param schedule the step of the schedule, which may learn from it
   */
  record Gradients(NDArray loss, FlatArrays sum, TrainedSchedule.Step schedule) {}

  /** Computes a step's loss and gradients, and tells {@code listener} when a phase is queued. */
  Gradients of(NDManager scope, PreparedStep step, UpdateListener listener) {
    return summed(scope, step, listener, exchange);
  }

  /** As the other method; every process gets all gradients, whatever it moves. */
  Gradients whole(NDManager scope, PreparedStep step) {
    return summed(scope, step, UpdateListener.NONE, whole);
  }

  private Gradients summed(
      NDManager scope, PreparedStep step, UpdateListener listener, GradientExchange by) {
    Gradients queued = of(scope, step, listener, by);
    NDArray loss = communicator.sum(queued.loss);
    communicator.join();
    listener.after(Phase.EXCHANGE);
    return new Gradients(loss, queued.sum, queued.schedule);
  }

  /** Computes the loss and the gradients of this process's part of a step. */
  Gradients ofOwn(NDManager scope, PreparedStep step) {
    return of(scope, step, UpdateListener.NONE, own);
  }

  private Gradients of(
      NDManager scope, PreparedStep step, UpdateListener listener, GradientExchange by) {
    TrainedSchedule.Step schedule = model.trainedSchedule().begin();
    int last = step.parts().size() - 1;
    NDArray loss = null;
    FlatArrays gradients = trainable.gradients();
    for (int i = 0; i <= last; i++) {
      PreparedMicroBatch part = step.parts().get(i).get();
      try (TrainingPass pass = part.input().forward(scope)) {
        listener.after(Phase.FORWARD);
        NDArray ofPart = schedule.loss(scope, pass.logits(), part);
        if (i == last) {
          schedule.allLossesKnown();
        }
        listener.after(Phase.LOSS);
        if (i == last) {
          gradients = by.last(pass, i == 0 ? Earlier.NONE : Earlier.IN_SUMS);
        } else {
          pass.backward();
          sum(i);
        }
        listener.after(Phase.BACKWARD);
        loss = loss == null ? ofPart : loss.add(ofPart);
      }
    }
    return new Gradients(loss, gradients, schedule);
  }

  private void sum(int part) {
    if (part == 0) {
      trainable.optimizer().copy(sum(), trainable.gradients());
    } else {
      trainable.optimizer().add(sum(), trainable.gradients());
    }
  }

  /** Returns the sums over micro-batches: float32, also where gradients are not. */
  FlatArrays sum() {
    if (sum == null) {
      sum = model.parameters().flat().zeros(Precision.FLOAT32);
    }
    return sum;
  }
}
