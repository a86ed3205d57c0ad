// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.network.Network;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.internal.data.DataCheck;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.optimizer.Spike;
import io.github.md4.train.parallel.JobException;
import io.github.md4.train.speed.FlopCount;
import io.github.md4.train.update.Learner;
import io.github.md4.train.update.TrainedModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * A run from within: the model in training, its loop and the lock of its folder, at a start or at a
 * checkpoint.
 */
final class OpenRun implements AutoCloseable {
  /** More are no way out. */
  private static final int ROLLBACKS_TO_ONE_STEP = 10;

  private static final String SAME =
      "all must see the same folder of the run, and the same training.warmStart";

  private final NDManager manager;
  private final RunPlace place;
  private final Network network;
  private final List<String> notes = new ArrayList<>();
  private Learner learner; // null until a start or a checkpoint gives it
  private Trainer trainer;
  private RunLock lock; // null where nothing will be written
  private String beginning = ""; // at which step and with which weights

  OpenRun(NDManager parent, RunPlace place) {
    this.manager = parent.newSubManager();
    this.place = place;
    this.network = place.network(manager);
  }

  /** Becomes the run before its first update. */
  void begin() throws IOException {
    TrainingPlan plan = place.plan();
    TrainedModel model = new StartingWeights(plan).model(manager, network);
    beginning = "step 0 and weights " + model.fingerprint();
    learner = new Learner(model, plan.training(), plan.communicator());
    trainer = place.trainer(learner);
  }

  /** Becomes the run at a checkpoint. */
  void goTo(Checkpoints.Checkpoint checkpoint, RunState state) throws IOException {
    TrainingPlan plan = place.plan();
    TrainedModel model =
        TrainedModel.read(
            manager, network, plan.training(), plan.trainedSchedule(manager), checkpoint.folder());
    if (!model.isFinite()) { // what is written is
      model.close();
      throw new InvalidDataException(
          checkpoint.folder(), "has weights or moments that are too large to go on from");
    }
    beginning = "step %d and weights %s".formatted(state.step(), model.fingerprint());
    learner =
        new Learner(model, plan.training(), plan.communicator()).after(state.step(), state.guard());
    trainer = place.trainer(learner);
    trainer.restore(state);
    noteThreads(state.engineThreads());
    noteEnd();
  }

  /** Goes on where all processes have begun with the same step and weights. */
  OpenRun agreed() throws IOException {
    try {
      place.plan().communicator().checkSame(beginning, SAME);
      return this;
    } catch (JobException e) {
      close();
      throw e;
    }
  }

  /** Keeps the folder's lock until this is closed. */
  void hold(RunLock taken) {
    lock = taken;
    taken.complaint().ifPresent(notes::add);
  }

  private void noteThreads(int before) {
    int now = trainer.engineThreads();
    if (before > 0 && now > 0 && before != now) {
      notes.add(
          ("the checkpoint was made with %s, now there are %d: the run goes on, but"
                  + " not bit for bit; --threads %d keeps it so")
              .formatted(Counted.of(before, "engine thread"), now, before));
    }
  }

  private void noteEnd() {
    long steps = place.plan().training().steps();
    if (updates() >= steps) {
      notes.add(
          "nothing is left to train: the checkpoint has %s, training.steps is %,d; a larger number goes on"
              .formatted(Counted.of(updates(), "update"), steps));
    }
  }

  OpenRun with(List<String> more) {
    notes.addAll(0, more);
    return this;
  }

  /** Returns what the user of the run should know, a sentence each. */
  List<String> notes() {
    return List.copyOf(notes);
  }

  /** Returns how many updates the run has seen. */
  long updates() {
    return learner.updates();
  }

  /** Returns the model in training, which is closed with the run. */
  Learner learner() {
    return learner;
  }

  /**
   * Trains to the end of the plan, or until it is told to stop.
   *
   * @param isStopRequested asked after each step
   */
  TrainingRun.Outcome run(TrainingListener listener, BooleanSupplier isStopRequested)
      throws IOException {
    try (DataCheck data = place.checkData()) {
      return run(new Trainer.Conduct(listener, isStopRequested, meter(), data));
    } catch (DivergedException e) {
      Optional<Checkpoints.Checkpoint> last = Checkpoints.latest(place.folder().checkpoints());
      throw e.after(last.isPresent() ? OptionalLong.of(last.get().step()) : OptionalLong.empty());
    }
  }

  private TrainingRun.Outcome run(Trainer.Conduct conduct) throws IOException {
    TrainingListener listener = conduct.listener();
    Trainer.End end = trainer.run(manager, conduct);
    int rollbacks = 0;
    long step = -1;
    while (end.spike().isPresent()) {
      Spike spike = end.spike().get();
      goBack(spike);
      rollbacks = learner.updates() == step ? rollbacks + 1 : 1;
      step = learner.updates();
      if (rollbacks > ROLLBACKS_TO_ONE_STEP) {
        throw stuck(spike);
      }
      listener.onRollback(spike, step);
      end = trainer.run(manager, conduct);
    }
    return end.outcome();
  }

  private SpeedMeter meter() {
    TrainingPlan plan = place.plan();
    FlopCount flops =
        FlopCount.of(plan.model().config(), network.specs())
            .times(plan.training().batching().samples());
    double peak =
        plan.training()
            .reporting()
            .peakFlops()
            .of(manager, plan.training().computation().precision());
    return new SpeedMeter(flops.denseEquivalent(), peak * plan.communicator().share().size());
  }

  /** Becomes what it was at its last checkpoint, and goes on with the batch after the bad one. */
  private void goBack(Spike spike) throws IOException {
    Checkpoints.Checkpoint last =
        Checkpoints.latest(place.folder().checkpoints())
            .orElseThrow(
                () ->
                    new InvalidDataException(
                        place.folder().path(),
                        "has lost the checkpoints that it was to go back to"));
    learner.close();
    goTo(last, RunState.read(last.folder()));
    OpenRun unused = agreed();
    trainer.leaveBehind(spike.examples().last() + 1);
  }

  private DivergedException stuck(Spike spike) {
    return new DivergedException(
        "%d times the run went back to step %,d, the last time from step %,d (seed %d)"
            .formatted(
                ROLLBACKS_TO_ONE_STEP,
                learner.updates(),
                spike.step(),
                place.plan().training().seed()),
        "lower training.learningRate.base or give training.guard, %s, more deviations"
            .formatted(place.plan().training().optimization().guard()));
  }

  /**
   * Makes the updates before a step and returns what that step is, which is not made.
   *
   * @param progress hears how many updates there are now
   */
  Replay replay(long step, LongConsumer progress) {
    trainer.advance(manager, step - 1, progress);
    return trainer.look();
  }

  /**
   * Waits until the data have been compared with what their files state.
   *
   * @throws InvalidDataException if they are others
   */
  void awaitDataCheck() throws IOException {
    try (DataCheck data = place.checkData()) {
      data.await();
    }
  }

  /** Makes the next update and returns the loss before it, bits per token. */
  double tryStep() {
    return trainer.tryStep(manager);
  }

  /** Frees the model in training and the lock of the folder. */
  @Override
  public void close() throws IOException {
    if (learner != null) {
      learner.close();
    }
    network.close();
    manager.close();
    if (lock != null) {
      lock.close();
    }
  }
}
