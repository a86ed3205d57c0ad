// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.MaskedBatch;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.kernel.FlatArrays;
import io.github.md4.core.kernel.GpuMemory;
import io.github.md4.core.kernel.OptimizerKernels.Trained;
import io.github.md4.core.kernel.Precision;
import io.github.md4.core.kernel.Tf32;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.optimizer.AdamW;
import io.github.md4.core.optimizer.LearningRate;
import io.github.md4.train.UpdateListener.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A network in training: weights, their average, the optimizer's moments, and the update that moves
 * them. Closing it frees all of it but the network.
 */
public final class Learner implements AutoCloseable {
  private final NDManager manager;
  private final Network network;
  private final TrainingConfig config;
  private final Objective objective;
  private final Noise noise;
  private final LearningRate rate;
  private final TrainableNetwork trainable;
  private final LearnerState state;
  private final Trained trained;
  private final Watch watch;
  private final MemoryAdvice advice;
  private FlatArrays sum;
  private long updates;

  private Learner(
      NDManager manager,
      Network network,
      TrainingConfig config,
      Objective objective,
      LearnerState state) {
    this.manager = manager;
    this.network = network;
    this.config = config;
    this.objective = objective;
    this.noise = new Noise(config.seed());
    this.rate = config.learningRate().over(config.steps());
    this.state = state;
    this.trained = state.trained();
    this.advice = new MemoryAdvice(config, network.recomputes());
    if (config.tf32()) {
      Tf32.check(manager);
    }
    this.trainable = network.trainable(manager, state.parameters(), config.options());
    this.watch = Watch.of(manager, config.guard(), trainable.optimizer());
  }

  /** Returns a learner at its start: weights drawn from their laws, the average equal to them. */
  public static Learner initial(
      NDManager parent, Network network, TrainingConfig config, Objective objective) {
    NDManager manager = parent.newSubManager();
    LearnerState state = LearnerState.initial(manager, network, config);
    return new Learner(manager, network, config, objective, state);
  }

  /**
   * Makes this what {@link #write} has written after {@code step} updates.
   *
   * @throws io.github.md4.core.InvalidDataException if the folder is damaged or of another network
   */
  public static Learner read(
      NDManager parent, Network network, TrainingConfig config, Objective objective, Source source)
      throws IOException {
    NDManager manager = parent.newSubManager();
    LearnerState state = LearnerState.read(manager, network, config, source.folder);
    Learner learner = new Learner(manager, network, config, objective, state);
    learner.updates = source.step;
    learner.watch.restore(source.watched);
    return learner;
  }

  /**
   * A checkpoint's learner.
   *
   * @param step how many updates it has seen
   * @param watched what {@link #watched} was then
   */
  public record Source(Path folder, long step, double[] watched) {}

  /** Writes weights, average and moments into an existing folder. */
  public void write(Path folder) throws IOException {
    state.write(folder);
  }

  /**
   * Returns whether weights and moments are usable: a loss is known to be finite before the update
   * that it causes, which can still overflow.
   */
  boolean isFinite() {
    try (NDManager scope = manager.newSubManager()) {
      return state.isFinite(scope, trainable.optimizer());
    }
  }

  /** Returns how many updates there have been. */
  public long updates() {
    return updates;
  }

  /** Returns what the guard knows of the updates so far; waits for the device. */
  double[] watched() {
    return watch.statistics();
  }

  /** Returns the learning rate of the next update. */
  public double learningRate() {
    return rate.at(updates);
  }

  /** Returns the weights. */
  public Parameters parameters() {
    return state.parameters();
  }

  /** Returns their exponential moving average. */
  public Parameters average() {
    return state.average();
  }

  /** Returns the network with these weights or their average. */
  public Denoiser denoiser(Weights weights) {
    return network.denoiser(weights == Weights.EMA ? state.average() : state.parameters());
  }

  /**
   * Makes a batch ready, on any thread.
   *
   * @param index which of the run's batches it is: what is dropped depends on it
   * @param batches its micro-batches
   */
  public PreparedStep prepare(long index, List<MaskedBatch> batches) {
    List<PreparedStep.Part> parts = new ArrayList<>();
    int firstExample = 0;
    for (MaskedBatch batch : batches) {
      NetworkInput input = new NetworkInput(batch.zt(), batch.condition(), batch.rows());
      parts.add(
          new PreparedStep.Part(
              trainable.prepare(input, new DropoutNoise(noise, index, firstExample)),
              batch.targets(),
              objective.objectiveWeights(batch, config.batchSize())));
      firstExample += batch.batchSize();
    }
    return new PreparedStep(index, parts, batches.get(0));
  }

  /** Makes one update, or none where the guard finds that it is no good. */
  public UpdateNumbers update(NDManager results, PreparedStep step) {
    return update(results, step, UpdateListener.NONE);
  }

  /**
   * As {@link #update(NDManager, PreparedStep)}; tells {@code listener} when a phase is queued.
   *
   * @param results takes the numbers
   * @throws io.github.md4.core.DeviceException if the device's memory is full; names what would fit
   */
  public UpdateNumbers update(NDManager results, PreparedStep step, UpdateListener listener) {
    try {
      return made(results, step, listener);
    } catch (EngineException e) {
      Optional<String> full = GpuMemory.complaint(e);
      throw full.isPresent() ? advice.exception(fitting(step), full.get(), e) : e;
    }
  }

  /** Returns how many examples the device has room for, where that can be measured. */
  private OptionalInt fitting(PreparedStep step) {
    Device device = manager.getDevice();
    try {
      FlatArrays unused = sum(); // which smaller micro-batches need
      PreparedStep few = prepare(step.index(), List.of(step.sample().first(advice.probe())));
      GpuMemory.release(device);
      return advice.fitting(() -> GpuMemory.read(device), () -> pass(few));
    } catch (EngineException e) {
      return OptionalInt.empty(); // not even so few
    }
  }

  private void pass(PreparedStep step) {
    try (NDManager scope = manager.newSubManager()) {
      Gradients unused = gradients(scope, step, UpdateListener.NONE);
    }
  }

  private UpdateNumbers made(NDManager results, PreparedStep step, UpdateListener listener) {
    try (NDManager scope = manager.newSubManager()) {
      Gradients gradients = gradients(scope, step, listener);
      Watch.Seen seen = watch.see(scope, gradients.loss, gradients.sum);
      config.clip().apply(trainable.optimizer(), gradients.sum);
      move(gradients.sum, config.emaRate(), seen.good());
      listener.after(Phase.OPTIMIZER);
      updates++;
      seen.numbers().attach(results);
      return new UpdateNumbers(seen.numbers());
    }
  }

  /** Counts an update that is not made. */
  void leaveOut() {
    updates++;
  }

  /** Returns a batch's loss and gradients, and leaves all as it is. */
  Look look(PreparedStep step) {
    try (NDManager scope = manager.newSubManager()) {
      Gradients gradients = gradients(scope, step, UpdateListener.NONE);
      float[] norms = trainable.optimizer().norms(scope, gradients.sum).toFloatArray();
      return new Look(gradients.loss.toFloatArray()[0], norms);
    }
  }

  /**
   * What a batch would do.
   *
   * @param loss the diffusion term, mean bits per token
   * @param norms of the gradients by each parameter, in the parameters' order
   */
  record Look(float loss, float[] norms) {}

  /** Of a whole step; {@code loss} has one element. */
  private record Gradients(NDArray loss, FlatArrays sum) {}

  private Gradients gradients(NDManager scope, PreparedStep step, UpdateListener listener) {
    List<PreparedStep.Part> parts = step.parts();
    NDArray loss = part(scope, parts.get(0), listener);
    FlatArrays gradients = trainable.gradients();
    if (parts.size() > 1) {
      gradients = sum();
      trainable.optimizer().copy(gradients, trainable.gradients());
    }
    for (PreparedStep.Part each : parts.subList(1, parts.size())) {
      loss = loss.add(part(scope, each, listener));
      trainable.optimizer().add(gradients, trainable.gradients());
      listener.after(Phase.BACKWARD);
    }
    return new Gradients(loss, gradients);
  }

  /** Where the gradients of micro-batches are added up: float32, also where they are not. */
  private FlatArrays sum() {
    if (sum == null) {
      sum = state.parameters().flat().zeros(Precision.FLOAT32);
    }
    return sum;
  }

  /** Leaves a micro-batch's gradients with the network; returns what it adds to the step's loss. */
  private NDArray part(NDManager scope, PreparedStep.Part part, UpdateListener listener) {
    try (TrainingPass pass = part.input().forward(scope)) {
      listener.after(Phase.FORWARD);
      NDArray loss = pass.logits().crossEntropy(scope, part.targets(), part.weights());
      listener.after(Phase.LOSS);
      pass.backward();
      listener.after(Phase.BACKWARD);
      return loss;
    }
  }

  private void move(FlatArrays gradients, double emaRate, Optional<NDArray> good) {
    AdamW.Step step = new AdamW.Step(updates + 1, learningRate(), emaRate, good);
    config.optimizer().step(trainable.optimizer(), trained, gradients, step);
  }

  /**
   * Moves once more by the last gradients, with another memory of the average, 1 for one that does
   * not move: so a bench tells the average's time from the optimizer's.
   */
  public void moveAgain(double emaRate) {
    move(trainable.gradients(), emaRate, Optional.empty());
  }

  /** Returns a line that says which code computes an update, and whether in TF32. */
  public String description() {
    return trainable.description() + (isInTf32() ? ", float32 products in TF32" : "");
  }

  private boolean isInTf32() {
    return config.precision() == Precision.FLOAT32 && Tf32.isInEffect(manager);
  }

  @Override
  public void close() {
    watch.close();
    trainable.close();
    manager.close();
  }
}
