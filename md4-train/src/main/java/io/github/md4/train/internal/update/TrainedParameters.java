// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.update;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.model.ParameterFile;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Parameters that an optimizer moves, with all that changes beside them: their average, which may
 * be the parameters themselves, and the moments.
 */
public record TrainedParameters(
    Parameters parameters, Parameters average, Parameters first, Parameters second)
    implements AutoCloseable {
  public static final String OPTIMIZER = "optimizer.safetensors";
  private static final String FIRST = "first.";
  private static final String SECOND = "second.";

  /** Returns the set at its start: the average equal to the parameters, the moments zero. */
  public static TrainedParameters starting(Parameters parameters, double emaRate) {
    Parameters average = emaRate == 0 ? parameters : parameters.copy();
    return new TrainedParameters(parameters, average, parameters.zeros(), parameters.zeros());
  }

  /**
   * A set of parameters in a checkpoint.
   *
   * @param prefix of its names in the files
   */
  public record Place(Path folder, String prefix, List<ParameterSpec> specs) {
    private Parameters weights(Weights weights, NDManager manager) throws IOException {
      Path file = SavedModel.weightsFile(folder, weights);
      return ParameterFile.read(file, prefix, manager, specs);
    }

    private Parameters moments(String which, NDManager manager) throws IOException {
      return ParameterFile.read(folder.resolve(OPTIMIZER), which + prefix, manager, specs);
    }
  }

  /**
   * Returns a set of a checkpoint.
   *
   * @throws io.github.md4.core.InvalidDataException if the folder is damaged or of another model
   */
  public static TrainedParameters read(NDManager manager, Place place, double emaRate)
      throws IOException {
    Parameters parameters = place.weights(Weights.RAW, manager);
    return new TrainedParameters(
        parameters,
        emaRate == 0 ? parameters : place.weights(Weights.EMA, manager),
        place.moments(FIRST, manager),
        place.moments(SECOND, manager));
  }

  /** Frees all but the parameters. */
  public void thin() {
    Stream.of(average, first, second).filter(each -> each != parameters).forEach(Parameters::close);
  }

  /** Returns a set of the same parameters, with zeros for what {@link #thin} has freed. */
  public TrainedParameters refilled() {
    return new TrainedParameters(
        parameters,
        average == parameters ? parameters : parameters.zeros(),
        parameters.zeros(),
        parameters.zeros());
  }

  /** Returns the parameters or their average. */
  public Parameters weights(Weights weights) {
    return weights == Weights.EMA ? average : parameters;
  }

  /** Adds the moments to what is written, under this set's prefix. */
  public void putMoments(Map<String, Parameters> moments, String prefix) {
    moments.put(FIRST + prefix, first);
    moments.put(SECOND + prefix, second);
  }

  /** Returns all of it as an optimizer takes it. */
  public Trained trained() {
    return new Trained(parameters.flat(), first.flat(), second.flat(), average.flat());
  }

  @Override
  public void close() {
    Stream.of(parameters, average, first, second).forEach(Parameters::close);
  }
}
