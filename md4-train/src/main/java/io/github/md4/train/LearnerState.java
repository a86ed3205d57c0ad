// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.kernel.OptimizerKernels;
import io.github.md4.core.kernel.OptimizerKernels.Trained;
import io.github.md4.core.model.ParameterFile;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.noise.Noise;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The arrays that change in training: weights, their average, which may be the weights themselves,
 * and the optimizer's moments.
 */
record LearnerState(
    Parameters parameters, Parameters average, Parameters first, Parameters second) {
  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String FIRST = "first.";
  private static final String SECOND = "second.";

  /** Returns weights drawn from their laws, the average equal to them. */
  static LearnerState initial(NDManager manager, Network network, TrainingConfig config) {
    Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(config.seed()));
    Parameters average = config.emaRate() == 0 ? parameters : parameters.copy();
    return new LearnerState(parameters, average, parameters.zeros(), parameters.zeros());
  }

  /** Returns what {@link #write} has written. */
  static LearnerState read(NDManager manager, Network network, TrainingConfig config, Path folder)
      throws IOException {
    Path optimizer = folder.resolve(OPTIMIZER);
    Parameters parameters = weights(folder, Weights.RAW, manager, network);
    return new LearnerState(
        parameters,
        config.emaRate() == 0 ? parameters : weights(folder, Weights.EMA, manager, network),
        ParameterFile.read(optimizer, FIRST, manager, network.specs()),
        ParameterFile.read(optimizer, SECOND, manager, network.specs()));
  }

  private static Parameters weights(
      Path folder, Weights weights, NDManager manager, Network network) throws IOException {
    Path file = SavedModel.weightsFile(folder, weights);
    return ParameterFile.read(file, "", manager, network.specs());
  }

  /** Writes all of them into an existing folder. */
  void write(Path folder) throws IOException {
    SavedModel.writeWeights(folder, parameters, average);
    Map<String, Parameters> moments = new LinkedHashMap<>();
    moments.put(FIRST, first);
    moments.put(SECOND, second);
    ParameterFile.write(folder.resolve(OPTIMIZER), Map.of(), moments);
  }

  /** Returns them as an update takes them. */
  Trained trained() {
    return new Trained(parameters.flat(), first.flat(), second.flat(), average.flat());
  }

  /** Returns whether all are finite. */
  boolean isFinite(NDManager scope, OptimizerKernels kernels) {
    return Stream.of(parameters, average, first, second)
        .allMatch(each -> Float.isFinite(kernels.norm(scope, each.flat()).getFloat()));
  }
}
