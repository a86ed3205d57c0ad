// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.EngineThreads;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.train.batch.BatchQueue;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.internal.data.DataCheck;
import io.github.md4.train.internal.update.PreparedStep;
import io.github.md4.train.internal.update.UpdateNumbers;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.optimizer.Spike;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * The training loop: batches made ahead on the host, updates on the device, and between them what
 * is due. It waits for the device only where metrics, an evaluation or a checkpoint are due.
 */
final class Trainer {
  private final Learner learner;
  private final Batches batches;
  private final TrainingPlan plan;
  private final RunFolder folder;
  private final String labelsSha256;
  private final Checkpoints checkpoints;
  private final PendingUpdates pending;
  private final Communicator communicator; // whose first process writes
  private boolean isEvaluationOwed;
  private long batchesLeftBehind;

  /**
   * @param labelsSha256 of the labels beside the tokens; null without labels
   */
  Trainer(
      RunFolder folder, TrainingPlan plan, String labelsSha256, Learner learner, Batches batches) {
    this.folder = folder;
    this.labelsSha256 = labelsSha256;
    this.plan = plan;
    this.learner = learner;
    this.communicator = learner.communicator();
    this.batches = batches;
    this.checkpoints =
        new Checkpoints(
            folder.checkpoints(), plan.cadence().keepLast(), plan.cadence().keepEvery());
    this.pending =
        new PendingUpdates(plan.training(), learner.model().trainedSchedule().constant());
  }

  /** Goes on as the run whose checkpoint this is. */
  void restore(RunState state) {
    pending.restore(state.loss());
    isEvaluationOwed = state.isEvaluationOwed();
    batchesLeftBehind = state.batches() - state.step();
  }

  /** Goes on with the batch that begins with this example. */
  void leaveBehind(long nextExample) {
    batchesLeftBehind = nextExample / plan.training().batching().batchSize() - learner.updates();
  }

  /**
   * The conduct of a training.
   *
   * @param isStopRequested asked after each step; when true, a checkpoint is written and the
   *     training ends
   * @param data the check of the files that it reads
   */
  record Conduct(
      TrainingListener listener,
      BooleanSupplier isStopRequested,
      SpeedMeter meter,
      DataCheck data) {}

  /** Returns whether any process is to stop; all of them ask at once. */
  private boolean isStopped(Conduct conduct) {
    return communicator.any(conduct.isStopRequested.getAsBoolean());
  }

  /**
   * The end of a training.
   *
   * @param spike for which it must go back to its last checkpoint, if it must
   */
  record End(TrainingRun.Outcome outcome, Optional<Spike> spike) {
    private static End of(TrainingRun.Outcome outcome) {
      return new End(outcome, Optional.empty());
    }
  }

  /**
   * Trains from the learner's last update to the last of the plan. What a run that was stopped
   * still owed to its last step comes first.
   *
   * @throws DivergedException if a loss is not finite; the last checkpoint is from before it
   */
  End run(NDManager manager, Conduct conduct) throws IOException {
    try (NDManager results = manager.newSubManager()) {
      return runIn(results, conduct);
    }
  }

  private End runIn(NDManager results, Conduct conduct) throws IOException {
    if (isEvaluationOwed) {
      evaluateIfOwed(conduct);
      if (isEvaluationOwed) {
        return End.of(TrainingRun.Outcome.INTERRUPTED); // the checkpoint is as it was
      }
      checkpoint(conduct); // which owes no more
    }
    if (plan.training().optimization().guard().goesBack() && learner.updates() == 0) {
      checkpoint(conduct); // to which a run can go back
    }
    conduct.meter.restart();
    try (BatchQueue<PreparedStep> queue = new BatchQueue<>(this::prepare, nextBatch())) {
      while (learner.updates() < plan.training().steps()) {
        Optional<End> end = step(results, queue, conduct);
        if (end.isPresent()) {
          return end.get();
        }
      }
    }
    conduct.data.await();
    learner.whole(
        () -> {
          checkFinite();
          communicator.first(() -> AtomicWrite.folder(folder.model(), this::writeModel));
        });
    return End.of(TrainingRun.Outcome.FINISHED);
  }

  /** Makes an update and does what is due after it; returns how the training ends, if it does. */
  private Optional<End> step(NDManager results, BatchQueue<PreparedStep> queue, Conduct conduct)
      throws IOException {
    double rate = learner.learningRate();
    PreparedStep batch = queue.take();
    UpdateNumbers numbers = learner.update(results, batch);
    pending.add(learner.updates(), batch.index(), numbers);
    conduct.meter.add(batches.tokens());
    conduct.listener.onStep(learner.updates());
    isEvaluationOwed = isDue(plan.cadence().evaluateEvery());
    boolean isStopped = isStopped(conduct);
    if (isStopped || isAnythingDue()) {
      conduct.data.look();
      List<Spike> spikes = pending.read();
      if (!spikes.isEmpty() && plan.training().optimization().guard().goesBack()) {
        return Optional.of(new End(TrainingRun.Outcome.INTERRUPTED, spikes.stream().findFirst()));
      }
      for (Spike spike : spikes) {
        conduct.listener.onSpike(spike);
      }
    }
    metricsIfDue(conduct, rate);
    if (isStopped) {
      checkpoint(conduct);
      return Optional.of(End.of(TrainingRun.Outcome.INTERRUPTED));
    }
    evaluateIfOwed(conduct);
    if (isEvaluationOwed) {
      checkpoint(conduct);
      return Optional.of(End.of(TrainingRun.Outcome.INTERRUPTED));
    }
    checkpointIfDue(conduct);
    return Optional.empty();
  }

  /** Makes one update that nothing but the learner knows of, and returns its bits per token. */
  double tryStep(NDManager manager) {
    try (UpdateNumbers numbers = learner.update(manager, prepare(nextBatch()))) {
      return numbers.read().loss() + learner.model().trainedSchedule().constant();
    }
  }

  /** Makes updates that nothing but the learner knows of, until it has seen so many. */
  void advance(NDManager manager, long updates, LongConsumer progress) {
    try (BatchQueue<PreparedStep> queue = new BatchQueue<>(this::prepare, nextBatch())) {
      while (learner.updates() < updates) {
        learner.update(manager, queue.take()).close();
        progress.accept(learner.updates());
      }
    }
  }

  /** Returns what the next update would be, and does not make it. */
  Replay look() {
    long batch = nextBatch();
    int batchSize = plan.training().batching().batchSize();
    Learner.Look look = learner.look(prepare(batch));
    double bits = look.loss() + learner.model().trainedSchedule().constant();
    return new Replay(
        learner.updates() + 1,
        new Spike.Examples(batch * batchSize, batchSize),
        bits,
        Replay.byGroup(learner.model().parameters().byName().keySet(), look.norms()));
  }

  private long nextBatch() {
    return learner.updates() + batchesLeftBehind;
  }

  private PreparedStep prepare(long index) {
    return learner.prepare(index, batches.of(index));
  }

  private boolean isAnythingDue() {
    return isEvaluationOwed || areMetricsDue() || isDue(plan.cadence().checkpointEvery());
  }

  private boolean areMetricsDue() {
    long step = learner.updates();
    return step % plan.training().reporting().logEvery() == 0 || step == plan.training().steps();
  }

  private void metricsIfDue(Conduct conduct, double rate) throws IOException {
    if (areMetricsDue()) {
      PendingUpdates.Means means = pending.takeMeans();
      double norm =
          plan.training().optimization().guard().bounds().isPresent()
              ? means.gradientNorm()
              : Double.NaN;
      conduct.listener.onMetrics(
          new TrainingListener.StepMetrics(
              learner.updates(),
              means.bitsPerToken(),
              norm,
              rate,
              conduct.meter.speed(),
              learner.model().trainedSchedule().metrics()));
      conduct.meter.restart();
    }
  }

  /** Evaluates where it is due; it stays owed where the training is told to stop meanwhile. */
  private void evaluateIfOwed(Conduct conduct) throws IOException {
    if (isEvaluationOwed) {
      try {
        learner.whole(() -> conduct.listener.onEvaluation(learner, conduct.isStopRequested));
        isEvaluationOwed = false;
      } catch (CancellationException e) {
        if (!isStopped(conduct)) {
          throw e;
        }
      }
      conduct.meter.restart();
    }
  }

  private void checkpointIfDue(Conduct conduct) throws IOException {
    if (isDue(plan.cadence().checkpointEvery())) {
      checkpoint(conduct);
    }
  }

  /** Due at multiples of {@code every}, and at the end. */
  private boolean isDue(long every) {
    long step = learner.updates();
    return step == plan.training().steps() || (every > 0 && step % every == 0);
  }

  /**
   * Writes a checkpoint, after the data were checked; one that a stop asks for waits for nothing.
   */
  private void checkpoint(Conduct conduct) throws IOException {
    if (isStopped(conduct)) {
      conduct.data.look();
    } else {
      conduct.data.await();
    }
    learner.whole(
        () -> {
          checkFinite();
          communicator.first(this::writeCheckpoint);
        });
    conduct.listener.onCheckpoint(learner.updates(), checkpoints.folderOf(learner.updates()));
    conduct.meter.restart();
  }

  /** Nothing that is not finite replaces a checkpoint that is. */
  private void checkFinite() {
    if (!learner.isFinite()) {
      throw DivergedException.notFinite(
          "the weights after", learner.updates(), plan.training().seed());
    }
  }

  private void writeCheckpoint() throws IOException {
    Path unused = checkpoints.write(learner.updates(), this::writeCheckpoint);
  }

  private void writeCheckpoint(Path target) throws IOException {
    plan.model().write(target);
    learner.model().write(target);
    new RunState(
            RunState.FORMAT_VERSION,
            learner.updates(),
            plan.training().seed(),
            nextBatch(),
            nextBatch() * plan.training().batching().batchSize(),
            plan.dataSha256(),
            pending.partial(),
            isEvaluationOwed,
            learner.guarded(),
            labelsSha256,
            engineThreads())
        .write(target);
  }

  /** Returns the threads that results depend on: those of the engine on a CPU, else 0. */
  int engineThreads() {
    return device().isGpu() ? 0 : EngineThreads.count();
  }

  private Device device() {
    return learner.model().manager().getDevice();
  }

  private void writeModel(Path target) throws IOException {
    plan.model().write(target);
    SavedModel.writeWeights(target, learner.model().sets(Weights.EMA));
  }
}
