// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.likelihood.Units;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.model.SavedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/**
 * The training loop: batches made ahead on the host, updates on the device, and between them what
 * is due. It waits for the device only where metrics, an evaluation or a checkpoint are due.
 */
final class Trainer {
  private final Learner learner;
  private final Batches batches;
  private final TrainingRun.Plan plan;
  private final RunFolder folder;
  private final Checkpoints checkpoints;
  private final PendingLosses losses;
  private boolean isEvaluationOwed;
  private long tokensSince;
  private long nanosSince;

  Trainer(RunFolder folder, TrainingRun.Plan plan, Learner learner, Batches batches) {
    this.folder = folder;
    this.plan = plan;
    this.learner = learner;
    this.batches = batches;
    this.checkpoints =
        new Checkpoints(
            folder.checkpoints(), plan.schedule().keepLast(), plan.schedule().keepEvery());
    this.losses = new PendingLosses(plan.training().seed());
  }

  /** Goes on as the run whose checkpoint this is. */
  void restore(RunState state) {
    losses.restore(state.loss());
    isEvaluationOwed = state.isEvaluationOwed();
  }

  /**
   * Trains from the learner's last update to the last of the plan. What a run that was stopped
   * still owed to its last step comes first.
   *
   * @param isStopRequested asked after each step; when true, a checkpoint is written and the
   *     training ends
   * @throws DivergedException if a loss is not finite; the last checkpoint is from before it
   */
  TrainingRun.Outcome run(
      NDManager manager, TrainingListener listener, BooleanSupplier isStopRequested)
      throws IOException {
    try (NDManager results = manager.newSubManager()) {
      return runIn(results, listener, isStopRequested);
    }
  }

  private TrainingRun.Outcome runIn(
      NDManager results, TrainingListener listener, BooleanSupplier isStopRequested)
      throws IOException {
    if (isEvaluationOwed) {
      evaluateIfOwed(listener);
      checkpoint(listener); // which owes no more
    }
    restartClock();
    try (BatchQueue<PreparedStep> queue = new BatchQueue<>(this::prepare, learner.updates())) {
      if (train(results, queue, listener, isStopRequested) == TrainingRun.Outcome.INTERRUPTED) {
        return TrainingRun.Outcome.INTERRUPTED;
      }
    }
    checkFinite();
    AtomicWrite.folder(folder.model(), this::writeModel);
    return TrainingRun.Outcome.FINISHED;
  }

  private TrainingRun.Outcome train(
      NDManager results,
      BatchQueue<PreparedStep> queue,
      TrainingListener listener,
      BooleanSupplier isStopRequested)
      throws IOException {
    while (learner.updates() < plan.training().steps()) {
      double rate = learner.learningRate();
      NDArray loss = learner.update(results, queue.take());
      losses.add(learner.updates(), loss);
      tokensSince += batches.tokens();
      listener.onStep(learner.updates());
      metricsIfDue(listener, rate);
      isEvaluationOwed = isDue(plan.schedule().evaluateEvery());
      if (isStopRequested.getAsBoolean()) {
        checkpoint(listener);
        return TrainingRun.Outcome.INTERRUPTED;
      }
      evaluateIfOwed(listener);
      checkpointIfDue(listener);
    }
    return TrainingRun.Outcome.FINISHED;
  }

  /** Makes one update that nothing but the learner knows of, and returns its bits per token. */
  double tryStep(NDManager manager) {
    try (NDArray loss = learner.update(manager, prepare(learner.updates()))) {
      return loss.getFloat() + Units.bitsPerToken(plan.objective().perToken(0).total());
    }
  }

  private PreparedStep prepare(long index) {
    return learner.prepare(index, batches.of(index));
  }

  private void metricsIfDue(TrainingListener listener, double rate) throws IOException {
    long step = learner.updates();
    if (step % plan.training().logEvery() == 0 || step == plan.training().steps()) {
      losses.read();
      double constant = plan.objective().perToken(0).total();
      double seconds = (System.nanoTime() - nanosSince) * 1e-9;
      listener.onMetrics(
          new TrainingListener.StepMetrics(
              step, losses.takeMean() + Units.bitsPerToken(constant), rate, tokensSince / seconds));
      restartClock();
    }
  }

  private void evaluateIfOwed(TrainingListener listener) throws IOException {
    if (isEvaluationOwed) {
      losses.read();
      listener.onEvaluation(learner);
      isEvaluationOwed = false;
      restartClock();
    }
  }

  private void checkpointIfDue(TrainingListener listener) throws IOException {
    if (isDue(plan.schedule().checkpointEvery())) {
      checkpoint(listener);
    }
  }

  /** Due at multiples of {@code every}, and at the end. */
  private boolean isDue(long every) {
    long step = learner.updates();
    return step == plan.training().steps() || (every > 0 && step % every == 0);
  }

  private void checkpoint(TrainingListener listener) throws IOException {
    checkFinite();
    Path written = checkpoints.write(learner.updates(), this::writeCheckpoint);
    listener.onCheckpoint(learner.updates(), written);
    restartClock();
  }

  /** Nothing that is not finite replaces a checkpoint that is. */
  private void checkFinite() {
    losses.read();
    if (!learner.isFinite()) {
      throw PendingLosses.diverged("the weights after", learner.updates(), plan.training().seed());
    }
  }

  private void writeCheckpoint(Path target) throws IOException {
    plan.model().write(target);
    learner.write(target);
    long step = learner.updates();
    new RunState(
            RunState.FORMAT_VERSION,
            step,
            plan.training().seed(),
            step * plan.training().batchSize(),
            plan.dataSha256(),
            losses.partial(),
            isEvaluationOwed)
        .write(target);
  }

  private void writeModel(Path target) throws IOException {
    plan.model().write(target);
    SavedModel.writeWeights(target, learner.average());
  }

  private void restartClock() {
    tokensSince = 0;
    nanosSince = System.nanoTime();
  }
}
