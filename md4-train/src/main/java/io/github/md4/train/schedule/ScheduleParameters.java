// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.schedule;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.model.GenMd4Parameter;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.noise.Noise;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.internal.update.DeviceGradients;
import io.github.md4.train.internal.update.ParameterUpdate;
import io.github.md4.train.internal.update.TrainedParameters;
import io.github.md4.train.optimizer.AdamW;
import io.github.md4.train.optimizer.DivergedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The parameters of a learned schedule, which live on the host, since noise and masks must be known
 * there before the network runs, with their optimizer.
 */
final class ScheduleParameters implements AutoCloseable {
  private final NDManager manager;
  private final TrainingConfig training;
  private final List<ParameterSpec> specs;
  private final OptimizerKernels kernels;
  private final FlatArrays gradient;
  private TrainedParameters trained;

  /** Makes the parameters at their start, which a constant gives. */
  ScheduleParameters(NDManager parent, List<ParameterSpec> specs, TrainingConfig training) {
    this.manager = parent.newSubManager(Device.cpu());
    this.training = training;
    this.specs = specs;
    this.kernels = new OptimizerKernels(manager);
    Parameters initial = Parameters.initial(manager, specs, new Noise(0)); // draws nothing
    this.trained = TrainedParameters.starting(initial, emaRate());
    this.gradient = trained.parameters().flat().zeros(Precision.FLOAT32);
  }

  private double emaRate() {
    return training.optimization().average().emaRate();
  }

  /** Returns the parameters or their average. */
  Parameters weights(Weights weights) {
    return trained.weights(weights);
  }

  /** Returns the parameters or their average by the prefix of their names in a model's file. */
  Map<String, Parameters> sets(Weights weights) {
    return Map.of(GenMd4Parameter.PREFIX, trained.weights(weights));
  }

  /** Returns the optimizer's moments by prefix. */
  Map<String, Parameters> moments() {
    Map<String, Parameters> moments = new LinkedHashMap<>();
    trained.putMoments(moments, GenMd4Parameter.PREFIX);
    return moments;
  }

  /** Takes over the parameters, average and moments of a checkpoint. */
  void restore(Path folder) throws IOException {
    TrainedParameters.Place place =
        new TrainedParameters.Place(folder, GenMd4Parameter.PREFIX, specs);
    trained.close();
    trained = TrainedParameters.read(manager, place, emaRate());
  }

  /** Returns whether they do not move. */
  boolean isFrozen() {
    return training.powers().rate() == 0;
  }

  /**
   * Moves them down a gradient.
   *
   * @param byRaw the gradient by all of them, one after another
   * @throws DivergedException if it is not finite
   */
  void move(float[] byRaw, AdamW optimizer, TrainedSchedule.Update update) {
    if (!isFinite(byRaw)) {
      throw DivergedException.notFinite("the loss of", update.number(), training.seed());
    }
    set(gradient, byRaw);
    training.optimization().clip().apply(new DeviceGradients(kernels, gradient));
    ParameterUpdate made =
        new ParameterUpdate(
            update.number(),
            update.rate() * training.powers().rate(),
            training.optimization().average().rate(update.number() - 1));
    made.apply(optimizer, kernels, trained.trained(), gradient);
  }

  /** Gives the parameters other values, one after another. */
  void set(float[] raw) {
    set(trained.parameters().flat(), raw);
  }

  private void set(FlatArrays arrays, float[] values) {
    int first = 0;
    for (int i = 0; i < specs.size(); i++) {
      int size = Math.toIntExact(specs.get(i).shape().size());
      arrays.set(i, Arrays.copyOfRange(values, first, first + size));
      first += size;
    }
  }

  private static boolean isFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    kernels.close();
    gradient.close();
    manager.close();
  }
}
