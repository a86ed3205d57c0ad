// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.update;

import static io.github.md4.core.Checks.require;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.ProcessHeap;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Tf32;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.train.batch.ExampleBatch;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.internal.update.DeviceGradients;
import io.github.md4.train.internal.update.ParameterUpdate;
import io.github.md4.train.internal.update.PreparedStep;
import io.github.md4.train.internal.update.UpdateNumbers;
import io.github.md4.train.optimizer.LearningRate;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.parallel.OptimizerState;
import io.github.md4.train.schedule.TrainedSchedule;
import io.github.md4.train.update.UpdateListener.Phase;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A model in training and the updates that move it (spec, Section 8). Closing it frees the model's
 * weights too, but not the network.
 *
 * <p>Belongs to one thread, but for {@code prepare}.
 */
public final class Learner implements AutoCloseable {
  /** From one look at the size of the process to the next. */
  private static final long NANOS_PER_LOOK = 10_000_000_000L;

  private final TrainedModel model;
  private final NDManager manager;
  private final TrainingConfig config;
  private final LearningRate rate;
  private final TrainableNetwork trainable;
  private final OptimizerState state;
  private final UpdateGuard guard;
  private final StepGradients gradients;
  private final MemoryAdvice advice;
  private final Communicator communicator;
  private long updates;
  private final ProcessHeap heap;
  private long looked = System.nanoTime();
  private FlatArrays last; // the gradients of the last update; null before the first

  /**
   * @param model closed with this
   */
  Learner(TrainedModel model, TrainingConfig config) {
    this(model, config, Communicator.alone());
  }

  /**
   * Makes a learner of a model, before its first update.
   *
   * @param model closed with this
   * @param config seed, optimizer, learning rate, clipping, guard and average of the training
   * @param communicator of the processes that train together
   * @throws io.github.md4.core.DeviceException if the config allows TF32 and the GPU does not have
   *     it
   */
  public Learner(TrainedModel model, TrainingConfig config, Communicator communicator) {
    this.communicator = communicator;
    this.model = model;
    this.manager = model.manager();
    this.heap = new ProcessHeap(manager.getDevice());
    this.config = config;
    this.rate = config.optimization().rate(config.steps());
    this.advice = new MemoryAdvice(config, model.network().recomputes());
    if (config.computation().tf32()) {
      Tf32.check(manager);
    }
    this.trainable =
        model.network().trainable(manager, model.parameters(), config.computation().options());
    this.state = communicator.state(manager, trainable, model.weights().trained());
    state.begin(model.whole());
    this.guard = UpdateGuard.of(manager, config.optimization().guard(), state.kernels());
    this.gradients = new StepGradients(model, trainable, config, communicator);
  }

  /**
   * {@return a learner at its start: weights drawn from their laws, the average equal to them}
   *
   * @param parent the manager under which the arrays live; its device is theirs
   * @param network the network whose weights are trained, and its parameters' specs; stays the
   *     caller's
   * @param config seed, optimizer, learning rate, clipping, guard and average of the training
   * @param schedule closed with this
   * @throws io.github.md4.core.DeviceException if the config allows TF32 and the GPU does not have
   *     it
   */
  public static Learner initial(
      NDManager parent, Network network, TrainingConfig config, TrainedSchedule schedule) {
    return new Learner(TrainedModel.initial(parent, network, config, schedule), config);
  }

  /**
   * Returns a learner at its start in one of several processes; all of them begin with the same
   * weights.
   *
   * @param parent the manager under which the arrays live; its device is theirs
   * @param network the network whose weights are trained, and its parameters' specs; stays the
   *     caller's
   * @param config seed, optimizer, learning rate, clipping, guard and average of the training
   * @param schedule the schedule, closed with what is made
   * @param communicator the processes that train together; their gradients are added up
   * @return the learner, closed by the caller
   */
  public static Learner initial(
      NDManager parent,
      Network network,
      TrainingConfig config,
      TrainedSchedule schedule,
      Communicator communicator) {
    return new Learner(
        TrainedModel.initial(parent, network, config, schedule), config, communicator);
  }

  /** {@return the communicator of the processes that train together} */
  public Communicator communicator() {
    return communicator;
  }

  /**
   * Goes on after so many updates.
   *
   * @param step the number of updates made
   * @return this
   * @param guarded the guard's {@link #guarded} of that moment
   */
  public Learner after(long step, double[] guarded) {
    updates = step;
    guard.restore(guarded);
    return this;
  }

  /** {@return the model in training} */
  public TrainedModel model() {
    return model;
  }

  /**
   * Does something with the whole model, of which processes may keep a share each; all of them call
   * this together.
   *
   * @param work what is done, in each process
   * @throws IOException if it fails
   */
  public void whole(Communicator.FileWork work) throws IOException {
    state.whole(model.whole(), work);
  }

  /**
   * {@return whether weights and moments are finite: a loss is known to be before the update that
   * it causes, which can still overflow}
   */
  public boolean isFinite() {
    return state.isFinite(manager);
  }

  /** {@return how many updates there have been, skipped ones included} */
  public long updates() {
    return updates;
  }

  /** {@return the guard's statistics of the updates so far; waits for the device} */
  public double[] guarded() {
    return guard.statistics();
  }

  /** {@return the learning rate of the next update} */
  public double learningRate() {
    return rate.at(updates);
  }

  /**
   * Makes a batch ready on the host, on any thread.
   *
   * @param index its number among the run's batches, from 0: dropout depends on it
   * @param batches the micro-batches of the update, in their order, at least one
   * @return the step, to be used once
   * @hidden its types are internal
   */
  public PreparedStep prepare(long index, List<ExampleBatch> batches) {
    return gradients.prepare(index, batches);
  }

  /**
   * Makes one update, or none where the guard finds that it is no good.
   *
   * @param results the manager that owns the loss and the norm that are returned
   * @param step what {@link #prepare} of this learner made, not used before
   * @return the numbers, still on the device; closed by the caller
   * @throws io.github.md4.core.DeviceException if the device's memory is full; names what would fit
   * @hidden its types are internal
   */
  public UpdateNumbers update(NDManager results, PreparedStep step) {
    return update(results, step, UpdateListener.NONE);
  }

  /**
   * As {@link #update(NDManager, PreparedStep)}; tells {@code listener} when a phase is queued.
   *
   * @param results the manager that owns the loss and the norm that are returned
   * @param step what {@link #prepare} of this learner made, not used before
   * @param listener told when a phase is queued
   * @return the numbers, still on the device; closed by the caller
   * @throws io.github.md4.core.DeviceException if the device's memory is full; names what would fit
   * @hidden its types are internal
   */
  public UpdateNumbers update(NDManager results, PreparedStep step, UpdateListener listener) {
    try {
      return made(results, step, listener);
    } catch (EngineException e) {
      Optional<String> full = GpuMemory.complaint(e);
      throw full.isPresent() ? advice.exception(fitting(step), full.get(), e) : e;
    }
  }

  private UpdateNumbers made(NDManager results, PreparedStep step, UpdateListener listener) {
    try (NDManager scope = manager.newSubManager()) {
      StepGradients.Gradients found = gradients.of(scope, step, listener);
      UpdateGuard.Seen seen = guard.see(scope, found.loss(), found.sum());
      config.optimization().clip().apply(new DeviceGradients(state.kernels(), found.sum()));
      move(found.sum(), config.optimization().average().rate(updates), seen.good());
      found
          .schedule()
          .learn(
              new TrainedSchedule.Update(
                  updates + 1, learningRate(), () -> isMade(seen), communicator));
      listener.after(Phase.OPTIMIZER);
      updates++;
      seen.numbers().attach(results);
      return new UpdateNumbers(seen.numbers());
    } finally {
      releaseIfGrown();
    }
  }

  /** Keeps the free memory of a CPU's arrays from growing over the updates. */
  private void releaseIfGrown() {
    if (System.nanoTime() - looked >= NANOS_PER_LOOK) {
      heap.releaseIfGrown();
      looked = System.nanoTime();
    }
  }

  /** Returns whether an update is good; waits for the device where a guard looks at it. */
  private static boolean isMade(UpdateGuard.Seen seen) {
    return seen.good().map(verdict -> verdict.toFloatArray()[0] != 0).orElse(true);
  }

  private void move(FlatArrays by, double emaRate, Optional<NDArray> good) {
    ParameterUpdate update = new ParameterUpdate(updates + 1, learningRate(), emaRate, good);
    update.apply(config.optimization().optimizer(), state.kernels(), state.trained(), by);
    last = by;
    state.publish();
  }

  /** Returns how many examples the device has room for, where that can be measured. */
  private OptionalInt fitting(PreparedStep step) {
    Device device = manager.getDevice();
    try {
      FlatArrays unused = gradients.sum(); // which smaller micro-batches need
      PreparedStep few = gradients.first(step, advice.probe());
      GpuMemory.release(device);
      return advice.fitting(() -> GpuMemory.read(device), () -> compute(few));
    } catch (EngineException e) {
      return OptionalInt.empty(); // not even so few
    }
  }

  private void compute(PreparedStep step) {
    try (NDManager scope = manager.newSubManager()) {
      StepGradients.Gradients unused = gradients.ofOwn(scope, step);
    }
  }

  /**
   * {@return a batch's loss and the norms of its gradients; all stays as it is}
   *
   * @param step what {@link #prepare} of this learner made, not used before
   * @hidden its types are internal
   */
  public Look look(PreparedStep step) {
    try (NDManager scope = manager.newSubManager()) {
      StepGradients.Gradients found = gradients.whole(scope, step);
      float[] norms = trainable.optimizer().norms(scope, found.sum()).toFloatArray();
      return new Look(found.loss().toFloatArray()[0], norms);
    }
  }

  /**
   * The loss and the gradients of a batch.
   *
   * @param loss the diffusion term, mean bits per token
   * @param norms of the gradients by each parameter, in the parameters' order
   */
  public record Look(float loss, float[] norms) {}

  /**
   * Moves once more by the last gradients, with another memory of the average, 1 for one that does
   * not move: so a bench tells the average's time from the optimizer's. The weights are of no use
   * afterwards.
   *
   * @param emaRate the memory of the average, in [0, 1]
   * @throws IllegalArgumentException if it is out of this range
   * @throws IllegalStateException before the first update
   */
  public void moveAgain(double emaRate) {
    require(emaRate >= 0 && emaRate <= 1, "emaRate must be in [0, 1]", emaRate);
    if (last == null) {
      throw new IllegalStateException("there has been no update whose gradients could move again");
    }
    move(last, emaRate, Optional.empty());
  }

  /** {@return a line that says which code computes an update, and whether in TF32} */
  public String description() {
    return trainable.description() + (isInTf32() ? ", float32 products in TF32" : "");
  }

  private boolean isInTf32() {
    return config.computation().precision() == Precision.FLOAT32 && Tf32.isInEffect(manager);
  }

  /** Frees weights, averages, moments and schedule; the network stays. */
  @Override
  public void close() {
    guard.close();
    state.close();
    trainable.close();
    model.close();
  }
}
