// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.DiffusionLoss;
import io.github.md4.core.diffusion.MaskedBatch;
import io.github.md4.core.diffusion.NegativeElbo;
import io.github.md4.core.kernel.Autograd;
import io.github.md4.core.kernel.OptimizerKernels;
import io.github.md4.core.model.ParameterFile;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.optimizer.AdamW;
import io.github.md4.core.optimizer.LearningRate;
import io.github.md4.train.UpdateListener.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A network in training: weights, their average, the optimizer's moments, and the update that moves
 * them. Closing it frees all of it but the network.
 */
public final class Learner implements AutoCloseable {
  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String FIRST = "first.";
  private static final String SECOND = "second.";

  private final NDManager manager;
  private final Network network;
  private final TrainingConfig config;
  private final NegativeElbo elbo;
  private final Noise noise;
  private final LearningRate rate;
  private final OptimizerKernels kernels;
  private final Autograd autograd;
  private final Parameters parameters;
  private final Parameters average;
  private final Parameters first;
  private final Parameters second;
  private final AdamW.Moments moments;
  private long updates;

  /** Everything that changes in training. */
  private record State(
      Parameters parameters, Parameters average, Parameters first, Parameters second) {}

  private Learner(
      NDManager manager, Network network, TrainingConfig config, NegativeElbo elbo, State state) {
    this.manager = manager;
    this.network = network;
    this.config = config;
    this.elbo = elbo;
    this.noise = new Noise(config.seed());
    this.rate = config.learningRate().over(config.steps());
    this.kernels = new OptimizerKernels(manager);
    this.autograd = new Autograd(manager);
    this.parameters = state.parameters;
    this.average = state.average;
    this.first = state.first;
    this.second = state.second;
    this.moments = new AdamW.Moments(first.list(), second.list());
    parameters.requireGradients();
  }

  /** Returns a learner at its start: weights drawn from their laws, the average equal to them. */
  public static Learner initial(
      NDManager parent, Network network, TrainingConfig config, NegativeElbo elbo) {
    NDManager manager = parent.newSubManager();
    Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(config.seed()));
    State state = new State(parameters, parameters.copy(), parameters.zeros(), parameters.zeros());
    return new Learner(manager, network, config, elbo, state);
  }

  /**
   * Makes this what {@link #write} has written after {@code step} updates.
   *
   * @throws io.github.md4.core.InvalidDataException if the folder is damaged or of another network
   */
  public static Learner read(
      NDManager parent, Network network, TrainingConfig config, NegativeElbo elbo, Source source)
      throws IOException {
    NDManager manager = parent.newSubManager();
    Path optimizer = source.folder.resolve(OPTIMIZER);
    State state =
        new State(
            weights(source.folder, Weights.RAW, manager, network),
            weights(source.folder, Weights.EMA, manager, network),
            ParameterFile.read(optimizer, FIRST, manager, network.specs()),
            ParameterFile.read(optimizer, SECOND, manager, network.specs()));
    Learner learner = new Learner(manager, network, config, elbo, state);
    learner.updates = source.step;
    return learner;
  }

  /**
   * A checkpoint's learner.
   *
   * @param step how many updates it has seen
   */
  public record Source(Path folder, long step) {}

  private static Parameters weights(
      Path folder, Weights weights, NDManager manager, Network network) throws IOException {
    Path file = SavedModel.weightsFile(folder, weights);
    return ParameterFile.read(file, "", manager, network.specs());
  }

  /** Writes weights, average and moments into an existing folder. */
  public void write(Path folder) throws IOException {
    SavedModel.writeWeights(folder, parameters, average);
    Map<String, Parameters> moments = new LinkedHashMap<>();
    moments.put(FIRST, first);
    moments.put(SECOND, second);
    ParameterFile.write(folder.resolve(OPTIMIZER), Map.of(), moments);
  }

  /**
   * Returns whether weights and moments are usable: a loss is known to be finite before the update
   * that it causes, which can still overflow.
   */
  boolean isFinite() {
    try (NDManager scope = manager.newSubManager()) {
      return Stream.of(parameters, average, first, second)
          .allMatch(each -> Float.isFinite(kernels.norm(scope, each.list()).getFloat()));
    }
  }

  /** Returns how many updates there have been. */
  public long updates() {
    return updates;
  }

  /** Returns the learning rate of the next update. */
  public double learningRate() {
    return rate.at(updates);
  }

  /** Returns the weights. */
  public Parameters parameters() {
    return parameters;
  }

  /** Returns their exponential moving average. */
  public Parameters average() {
    return average;
  }

  /** Returns the network with these weights or their average. */
  public Denoiser denoiser(Weights weights) {
    return network.denoiser(weights == Weights.EMA ? average : parameters);
  }

  /**
   * Makes one update.
   *
   * @param parts the step's micro-batches
   * @return the diffusion term before it, mean bits per token, one element on the device; it
   *     belongs to {@code results}
   */
  public NDArray update(NDManager results, List<MaskedBatch> parts) {
    return update(results, parts, UpdateListener.NONE);
  }

  /** As {@link #update(NDManager, List)}, and tells {@code listener} when a phase is queued. */
  public NDArray update(NDManager results, List<MaskedBatch> parts, UpdateListener listener) {
    try (NDManager scope = manager.newSubManager()) {
      Part sum = part(scope, new Slice(parts.get(0), 0), listener);
      int firstExample = parts.get(0).batchSize();
      for (MaskedBatch batch : parts.subList(1, parts.size())) {
        sum = add(sum, part(scope, new Slice(batch, firstExample), listener));
        listener.after(Phase.BACKWARD);
        firstExample += batch.batchSize();
      }
      move(sum.gradients, listener);
      sum.loss.attach(results);
      return sum.loss;
    }
  }

  /** What a micro-batch adds to the step; both live in the step's scope. */
  private record Part(NDArray loss, NDList gradients) {}

  /** A micro-batch, and the number of its first example in the step. */
  private record Slice(MaskedBatch batch, int firstExample) {}

  private Part part(NDManager step, Slice slice, UpdateListener listener) {
    try (NDManager scope = step.newSubManager()) {
      NDArray loss = loss(scope, slice, listener);
      listener.after(Phase.FORWARD);
      NDList gradients = autograd.gradients(loss, parameters.list());
      listener.after(Phase.BACKWARD);
      NDArray value = loss.stopGradient();
      value.attach(step);
      gradients.attach(step);
      return new Part(value, gradients);
    }
  }

  private Part add(Part sum, Part part) {
    kernels.add(sum.gradients, part.gradients);
    part.gradients.close();
    return new Part(sum.loss.add(part.loss), sum.gradients);
  }

  private NDArray loss(NDManager scope, Slice slice, UpdateListener listener) {
    MaskedBatch part = slice.batch;
    DropoutNoise dropout = new DropoutNoise(noise, updates, slice.firstExample);
    NDArray zt = part.zt(scope);
    NDArray rows = part.rows(scope);
    NDArray targets = part.targets(scope);
    NDArray weights = scope.create(elbo.objectiveWeights(part, config.batchSize()));
    listener.after(Phase.UPLOAD);
    return autograd.record(
        () -> {
          NDArray logits = network.trainingLogits(parameters, zt, part.condition(), rows, dropout);
          return DiffusionLoss.crossEntropy(logits, targets).mul(weights).sum();
        });
  }

  private void move(NDList gradients, UpdateListener listener) {
    config.clip().apply(kernels, gradients);
    AdamW.Step step = new AdamW.Step(updates + 1, learningRate());
    config.optimizer().step(kernels, parameters.list(), gradients, moments, step);
    listener.after(Phase.OPTIMIZER);
    kernels.average(average.list(), parameters.list(), config.emaRate());
    listener.after(Phase.EMA);
    updates++;
  }

  @Override
  public void close() {
    manager.close();
  }
}
