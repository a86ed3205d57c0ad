// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Draft;
import io.github.md4.core.diffusion.MaskedBatch;
import io.github.md4.core.kernel.FlatArrays;
import io.github.md4.core.kernel.OptimizerKernels.Trained;
import io.github.md4.core.kernel.Precision;
import io.github.md4.core.model.ParameterFile;
import io.github.md4.core.model.SavedModel;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model in training: weights, their average, the optimizer's moments, and the update that moves
 * them. Closing it frees all of it but the network.
 */
public final class Learner implements AutoCloseable {
  /** The prefix of the network's parameters in the files: none. */
  private static final String NETWORK = "";

  private final NDManager manager;
  private final Network network;
  private final TrainingConfig config;
  private final Task task;
  private final Noise noise;
  private final LearningRate rate;
  private final TrainableNetwork trainable;
  private final TrainedSet set;
  private final Trained trained;
  private FlatArrays sum;
  private long updates;

  private Learner(
      NDManager manager, Network network, TrainingConfig config, Task task, TrainedSet set) {
    this.manager = manager;
    this.network = network;
    this.config = config;
    this.task = task;
    this.noise = new Noise(config.seed());
    this.rate = config.learningRate().over(config.steps());
    this.set = set;
    this.trained = set.trained();
    this.trainable = network.trainable(manager, set.parameters(), config.options());
  }

  /**
   * Returns a learner at its start: weights drawn from their laws, the average equal to them.
   *
   * @param task closed with this
   */
  public static Learner initial(
      NDManager parent, Network network, TrainingConfig config, Task task) {
    NDManager manager = parent.newSubManager();
    Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(config.seed()));
    TrainedSet set = TrainedSet.starting(parameters, config.emaRate());
    return new Learner(manager, network, config, task, set);
  }

  /**
   * As {@link #initial}, the weights being the averaged ones of a model.
   *
   * @throws io.github.md4.core.InvalidDataException if the folder is damaged or of another network
   */
  static Learner warm(
      NDManager parent, Network network, TrainingConfig config, Task task, Path model)
      throws IOException {
    NDManager manager = parent.newSubManager();
    Path file = SavedModel.weightsFile(model, Weights.EMA);
    Parameters parameters = ParameterFile.read(file, NETWORK, manager, network.specs());
    TrainedSet set = TrainedSet.starting(parameters, config.emaRate());
    return new Learner(manager, network, config, task, set);
  }

  /**
   * Makes this what {@link #write} has written after {@code step} updates.
   *
   * @throws io.github.md4.core.InvalidDataException if the folder is damaged or of another network
   */
  public static Learner read(
      NDManager parent, Network network, TrainingConfig config, Task task, Source source)
      throws IOException {
    NDManager manager = parent.newSubManager();
    TrainedSet.Place place = new TrainedSet.Place(source.folder, NETWORK, network.specs());
    TrainedSet set = TrainedSet.read(manager, place, config.emaRate());
    task.restore(source.folder);
    Learner learner = new Learner(manager, network, config, task, set);
    learner.updates = source.step;
    return learner;
  }

  /**
   * A checkpoint's learner.
   *
   * @param step how many updates it has seen
   */
  public record Source(Path folder, long step) {}

  /** Writes weights, average and moments into an existing folder. */
  public void write(Path folder) throws IOException {
    SavedModel.writeWeights(folder, sets(Weights.RAW), sets(Weights.EMA));
    Map<String, Parameters> moments = new LinkedHashMap<>();
    set.putMoments(moments, NETWORK);
    moments.putAll(task.moments());
    ParameterFile.write(folder.resolve(TrainedSet.OPTIMIZER), Map.of(), moments);
  }

  /**
   * Returns whether weights and moments are usable: a loss is known to be finite before the update
   * that it causes, which can still overflow.
   */
  boolean isFinite() {
    return set.isFinite(manager, trainable.optimizer());
  }

  /** Returns how many updates there have been. */
  public long updates() {
    return updates;
  }

  /** Returns the learning rate of the next update. */
  public double learningRate() {
    return rate.at(updates);
  }

  /** Returns the network's weights. */
  public Parameters parameters() {
    return set.parameters();
  }

  /** Returns their exponential moving average. */
  public Parameters average() {
    return set.average();
  }

  /** Returns all that has been learned, by the prefix of its names: the network's, without one. */
  public Map<String, Parameters> sets(Weights weights) {
    Map<String, Parameters> sets = new LinkedHashMap<>();
    sets.put(NETWORK, set.weights(weights));
    sets.putAll(task.weights(weights));
    return sets;
  }

  /** Returns what is trained. */
  public Task task() {
    return task;
  }

  /** Returns the network with these weights or their average. */
  public Denoiser denoiser(Weights weights) {
    return network.denoiser(set.weights(weights));
  }

  /**
   * Makes one update.
   *
   * @param step its micro-batches
   * @return the loss before it, mean bits per token without {@link Task#constant}, one element on
   *     the device; it belongs to {@code results}
   */
  public NDArray update(NDManager results, List<? extends Draft> step) {
    return update(results, step, UpdateListener.NONE);
  }

  /** As {@link #update(NDManager, List)}, and tells {@code listener} when a phase is queued. */
  public NDArray update(NDManager results, List<? extends Draft> step, UpdateListener listener) {
    try (NDManager scope = manager.newSubManager()) {
      Task.Judge judge = task.judge();
      List<Slice> slices = slices(step);
      NDArray loss = part(scope, judge, slices.get(0), listener);
      FlatArrays gradients = trainable.gradients();
      if (slices.size() > 1) {
        gradients = sum();
        trainable.optimizer().copy(gradients, trainable.gradients());
      }
      for (Slice slice : slices.subList(1, slices.size())) {
        loss = loss.add(part(scope, judge, slice, listener));
        trainable.optimizer().add(gradients, trainable.gradients());
        listener.after(Phase.BACKWARD);
      }
      move(gradients, judge, listener);
      loss.attach(results);
      return loss;
    }
  }

  /** Where the gradients of micro-batches are added up: float32, also where they are not. */
  private FlatArrays sum() {
    if (sum == null) {
      sum = set.parameters().flat().zeros(Precision.FLOAT32);
    }
    return sum;
  }

  /** A micro-batch, the number of its first sequence in the step, and whether it is the last. */
  private record Slice(MaskedBatch batch, int firstSequence, boolean isLast) {}

  private static List<Slice> slices(List<? extends Draft> step) {
    List<Slice> slices = new ArrayList<>();
    int first = 0;
    for (Draft draft : step) {
      MaskedBatch batch = draft.masked();
      slices.add(new Slice(batch, first, slices.size() == step.size() - 1));
      first += batch.batchSize();
    }
    return slices;
  }

  /** Leaves a micro-batch's gradients with the network; returns what it adds to the step's loss. */
  private NDArray part(NDManager scope, Task.Judge judge, Slice slice, UpdateListener listener) {
    MaskedBatch batch = slice.batch;
    NetworkInput input = new NetworkInput(batch.zt(), batch.condition(), batch.rows());
    DropoutNoise dropout = new DropoutNoise(noise, updates, slice.firstSequence);
    try (TrainingPass pass = trainable.forward(scope, input, dropout)) {
      listener.after(Phase.FORWARD);
      NDArray loss = judge.judge(scope, pass.logits(), batch);
      if (slice.isLast) {
        judge.allJudged();
      }
      listener.after(Phase.LOSS);
      pass.backward();
      listener.after(Phase.BACKWARD);
      return loss;
    }
  }

  private void move(FlatArrays gradients, Task.Judge judge, UpdateListener listener) {
    config.clip().apply(trainable.optimizer(), gradients);
    move(gradients, config.emaRate());
    judge.learn(new Task.Moment(updates + 1, learningRate()));
    listener.after(Phase.OPTIMIZER);
    updates++;
  }

  private void move(FlatArrays gradients, double emaRate) {
    AdamW.Step step = new AdamW.Step(updates + 1, learningRate(), emaRate);
    config.optimizer().step(trainable.optimizer(), trained, gradients, step);
  }

  /**
   * Moves once more by the last gradients, with another memory of the average, 1 for one that does
   * not move: so a bench tells the average's time from the optimizer's.
   */
  public void moveAgain(double emaRate) {
    move(trainable.gradients(), emaRate);
  }

  /** Returns a line that says which code computes an update. */
  public String description() {
    return trainable.description();
  }

  @Override
  public void close() {
    trainable.close();
    task.close();
    manager.close();
  }
}
