// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.update;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.model.ParameterFile;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.internal.update.TrainedParameters;
import io.github.md4.train.parallel.OptimizerState;
import io.github.md4.train.schedule.TrainedSchedule;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * The weights of a model in training: the network's and the schedule's, their averages and the
 * optimizer's moments. Closing it frees all of it but the network. It is moved by a {@link
 * Learner}, on whose thread it is read.
 */
public final class TrainedModel implements AutoCloseable {
  /** The prefix of the network's parameters in the files: none. */
  private static final String NETWORK = "";

  private final NDManager manager;
  private final Network network;
  private TrainedParameters weights;
  private final TrainedSchedule schedule;

  private TrainedModel(
      NDManager manager, Network network, TrainedParameters weights, TrainedSchedule schedule) {
    this.manager = manager;
    this.network = network;
    this.weights = weights;
    this.schedule = schedule;
  }

  /**
   * {@return a model at its start: weights drawn from their laws, the average equal to them}
   *
   * @param parent the manager under which the arrays live; its device is theirs
   * @param network the network whose weights are trained, and its parameters' specs
   * @param config its seed draws the weights; its average's memory tells whether there is an
   *     average
   * @param schedule closed with this
   */
  public static TrainedModel initial(
      NDManager parent, Network network, TrainingConfig config, TrainedSchedule schedule) {
    NDManager manager = parent.newSubManager();
    Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(config.seed()));
    TrainedParameters weights =
        TrainedParameters.starting(parameters, config.optimization().average().emaRate());
    return new TrainedModel(manager, network, weights, schedule);
  }

  /**
   * As {@link #initial}, the weights being the averaged ones of a model.
   *
   * @param parent the manager under which the arrays live; its device is theirs
   * @param network the network whose weights are trained, and its parameters' specs
   * @param config the training, which says how fast the average moves
   * @param schedule the schedule, closed with what is made
   * @param model the folder of a model
   * @return the model, closed by the caller
   * @throws IOException if a file cannot be read
   * @throws io.github.md4.core.InvalidDataException if the folder is damaged or of another network
   */
  public static TrainedModel warm(
      NDManager parent,
      Network network,
      TrainingConfig config,
      TrainedSchedule schedule,
      Path model)
      throws IOException {
    NDManager manager = parent.newSubManager();
    Path file = SavedModel.weightsFile(model, Weights.EMA);
    Parameters parameters = ParameterFile.read(file, NETWORK, manager, network.specs());
    TrainedParameters weights =
        TrainedParameters.starting(parameters, config.optimization().average().emaRate());
    return new TrainedModel(manager, network, weights, schedule);
  }

  /**
   * Reads the model that {@link #write} has written.
   *
   * @param parent the manager under which the arrays live; its device is theirs
   * @param network the network whose weights are trained, and its parameters' specs
   * @param config the training, which says how fast the average moves
   * @param schedule the schedule, closed with what is made
   * @param folder the folder of a checkpoint
   * @return the model, closed by the caller
   * @throws IOException if a file cannot be read
   * @throws io.github.md4.core.InvalidDataException if the folder is damaged or of another network
   */
  public static TrainedModel read(
      NDManager parent,
      Network network,
      TrainingConfig config,
      TrainedSchedule schedule,
      Path folder)
      throws IOException {
    NDManager manager = parent.newSubManager();
    TrainedParameters.Place place = new TrainedParameters.Place(folder, NETWORK, network.specs());
    TrainedParameters weights =
        TrainedParameters.read(manager, place, config.optimization().average().emaRate());
    schedule.restore(folder);
    return new TrainedModel(manager, network, weights, schedule);
  }

  /**
   * Writes weights, averages and moments.
   *
   * @param folder an existing folder
   * @throws IOException if a file cannot be written
   */
  public void write(Path folder) throws IOException {
    SavedModel.writeWeights(folder, sets(Weights.RAW), sets(Weights.EMA));
    Map<String, Parameters> moments = new LinkedHashMap<>();
    weights.putMoments(moments, NETWORK);
    moments.putAll(schedule.moments());
    ParameterFile.write(folder.resolve(TrainedParameters.OPTIMIZER), Map.of(), moments);
  }

  /** Returns its moments and average, which a process may do without between updates. */
  OptimizerState.WholeModel whole() {
    return new OptimizerState.WholeModel() {
      @Override
      public OptimizerKernels.Trained fill() {
        weights = weights.refilled();
        return weights.trained();
      }

      @Override
      public void thin() {
        weights.thin();
      }
    };
  }

  /** {@return whether weights and moments are finite, all of which are here} */
  public boolean isFinite() {
    try (OptimizerKernels kernels = new OptimizerKernels(manager)) {
      return new OptimizerState.Whole(kernels, weights.trained()).isFinite(manager);
    }
  }

  /** {@return a text that differs where the weights do, made of the first number of each array} */
  public String fingerprint() {
    CRC32 sum = new CRC32();
    try (NDManager scope = manager.newSubManager()) {
      for (Parameters set : sets(Weights.RAW).values()) {
        for (NDArray array : set.byName().values()) {
          NDArray flat = array.flatten(); // shares the array's memory
          flat.attach(scope);
          float first = flat.get("0:1").toFloatArray()[0];
          sum.update(ByteBuffer.allocate(Float.BYTES).putFloat(0, first));
        }
      }
    }
    return "%08x".formatted(sum.getValue());
  }

  /** {@return the manager under which the weights live} */
  public NDManager manager() {
    return manager;
  }

  /** Returns the network, without its weights. */
  Network network() {
    return network;
  }

  /** Returns the network's parameters with all that trains them. */
  TrainedParameters weights() {
    return weights;
  }

  /**
   * {@return the network's parameters, float32; they change with each update and are freed with
   * this}
   */
  public Parameters parameters() {
    return weights.parameters();
  }

  /**
   * {@return their exponential moving average, the parameters themselves where none is kept; freed
   * with this}
   */
  public Parameters average() {
    return weights.average();
  }

  /**
   * {@return all that is learned, by the prefix of its names in a model's file; the network's
   * prefix is empty}
   *
   * @param which the weights as they are, or their moving average
   */
  public Map<String, Parameters> sets(Weights which) {
    Map<String, Parameters> sets = new LinkedHashMap<>();
    sets.put(NETWORK, weights.weights(which));
    sets.putAll(schedule.weights(which));
    return sets;
  }

  /**
   * {@return the network with these weights or their average, which change with each update; freed
   * with this}
   *
   * @param which the weights as they are, or their moving average
   */
  public Denoiser denoiser(Weights which) {
    return network.denoiser(weights.weights(which));
  }

  /**
   * {@return the objective, with the weights' schedule as it is now}
   *
   * @param which the weights as they are, or their moving average
   */
  public Objective objective(Weights which) {
    return schedule.objective(which);
  }

  /**
   * {@return the weights' schedule as it is now}
   *
   * @param which the weights as they are, or their moving average
   */
  public Schedule schedule(Weights which) {
    return schedule.schedule(which);
  }

  /** {@return the schedule in training} */
  public TrainedSchedule trainedSchedule() {
    return schedule;
  }

  @Override
  public void close() {
    schedule.close();
    manager.close();
  }
}
