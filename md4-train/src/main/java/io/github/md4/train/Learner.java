// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Draft;
import io.github.md4.core.diffusion.MaskedBatch;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.model.ParameterFile;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.Tf32;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.noise.Noise;
import io.github.md4.train.UpdateListener.Phase;
import io.github.md4.train.optimizer.AdamW;
import io.github.md4.train.optimizer.LearningRate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

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
  private final TrainedParameters set;
  private final Trained trained;
  private final UpdateGuard watch;
  private final MemoryAdvice advice;
  private FlatArrays sum;
  private long updates;

  private Learner(
      NDManager manager, Network network, TrainingConfig config, Task task, TrainedParameters set) {
    this.manager = manager;
    this.network = network;
    this.config = config;
    this.task = task;
    this.noise = new Noise(config.seed());
    this.rate = config.learningRate().over(config.steps());
    this.set = set;
    this.trained = set.trained();
    this.advice = new MemoryAdvice(config, network.recomputes());
    if (config.tf32()) {
      Tf32.check(manager);
    }
    this.trainable = network.trainable(manager, set.parameters(), config.options());
    this.watch = UpdateGuard.of(manager, config.guard(), trainable.optimizer());
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
    TrainedParameters set = TrainedParameters.starting(parameters, config.emaRate());
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
    TrainedParameters set = TrainedParameters.starting(parameters, config.emaRate());
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
    TrainedParameters.Place place =
        new TrainedParameters.Place(source.folder, NETWORK, network.specs());
    TrainedParameters set = TrainedParameters.read(manager, place, config.emaRate());
    task.restore(source.folder);
    Learner learner = new Learner(manager, network, config, task, set);
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
    SavedModel.writeWeights(folder, sets(Weights.RAW), sets(Weights.EMA));
    Map<String, Parameters> moments = new LinkedHashMap<>();
    set.putMoments(moments, NETWORK);
    moments.putAll(task.moments());
    ParameterFile.write(folder.resolve(TrainedParameters.OPTIMIZER), Map.of(), moments);
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

  /** Returns what the guard knows of the updates so far; waits for the device. */
  double[] watched() {
    return watch.statistics();
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
   * Makes a batch ready, on any thread.
   *
   * @param index which of the run's batches it is: what is dropped depends on it
   * @param drafts its micro-batches; what is not masked yet is made ready only when it is judged,
   *     by what the step before has learned
   */
  public PreparedStep prepare(long index, List<? extends Draft> drafts) {
    List<Supplier<PreparedStep.Part>> parts = new ArrayList<>();
    int first = 0;
    for (Draft draft : drafts) {
      parts.add(part(draft, new DropoutNoise(noise, index, first)));
      first += draft.batchSize();
    }
    return new PreparedStep(index, parts);
  }

  private Supplier<PreparedStep.Part> part(Draft draft, DropoutNoise dropout) {
    if (draft instanceof MaskedBatch batch) {
      PreparedStep.Part ready = ready(batch, dropout);
      return () -> ready;
    }
    return () -> ready(draft.masked(), dropout);
  }

  private PreparedStep.Part ready(MaskedBatch batch, DropoutNoise dropout) {
    NetworkInput input = new NetworkInput(batch.zt(), batch.condition(), batch.rows());
    Task.Question question = new Task.Question(batch, batch.targets(), task.rowWeights(batch));
    return new PreparedStep.Part(trainable.prepare(input, dropout), question);
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
      PreparedStep few = prepare(step.index(), List.of(step.first(advice.probe())));
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
      UpdateGuard.Seen seen = watch.see(scope, gradients.loss, gradients.sum);
      config.clip().apply(trainable.optimizer(), gradients.sum);
      move(gradients.sum, config.emaRate(), seen.good());
      gradients.judge.learn(new Task.Moment(updates + 1, learningRate(), () -> isMade(seen)));
      listener.after(Phase.OPTIMIZER);
      updates++;
      seen.numbers().attach(results);
      return new UpdateNumbers(seen.numbers());
    }
  }

  /** Returns whether an update is good; waits for the device where a guard looks at it. */
  private static boolean isMade(UpdateGuard.Seen seen) {
    return seen.good().map(verdict -> verdict.toFloatArray()[0] != 0).orElse(true);
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
  private record Gradients(NDArray loss, FlatArrays sum, Task.Judge judge) {}

  private Gradients gradients(NDManager scope, PreparedStep step, UpdateListener listener) {
    Asking asking = new Asking(scope, task.judge(), listener);
    NDArray loss = part(asking, step, 0);
    FlatArrays gradients = trainable.gradients();
    if (step.parts().size() > 1) {
      gradients = sum();
      trainable.optimizer().copy(gradients, trainable.gradients());
    }
    for (int i = 1; i < step.parts().size(); i++) {
      loss = loss.add(part(asking, step, i));
      trainable.optimizer().add(gradients, trainable.gradients());
      listener.after(Phase.BACKWARD);
    }
    return new Gradients(loss, gradients, asking.judge);
  }

  /** Where the gradients of micro-batches are added up: float32, also where they are not. */
  private FlatArrays sum() {
    if (sum == null) {
      sum = set.parameters().flat().zeros(Precision.FLOAT32);
    }
    return sum;
  }

  /** What the micro-batches of a step have in common. */
  private record Asking(NDManager scope, Task.Judge judge, UpdateListener listener) {}

  /** Leaves a micro-batch's gradients with the network; returns what it adds to the step's loss. */
  private static NDArray part(Asking asking, PreparedStep step, int i) {
    PreparedStep.Part part = step.parts().get(i).get();
    try (TrainingPass pass = part.input().forward(asking.scope)) {
      asking.listener.after(Phase.FORWARD);
      NDArray loss = asking.judge.judge(asking.scope, pass.logits(), part.question());
      if (i == step.parts().size() - 1) {
        asking.judge.allJudged();
      }
      asking.listener.after(Phase.LOSS);
      pass.backward();
      asking.listener.after(Phase.BACKWARD);
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
    task.close();
    manager.close();
  }
}
