// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.network.Initializer;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.LearnedPowers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The parameter from which the powers of a learned schedule come (GenMD4: MD4, Section 6): {@code
 * schedule.powers} beside the network's, float32 [V], or [1] where all tokens share one; a power is
 * its softplus.
 *
 * @param learned the powers at the start, and whether all tokens share one
 * @param vocabularySize V, the number of tokens without the mask
 */
public record GenMd4Parameter(LearnedPowers learned, int vocabularySize) {
  /** In front of the parameter's name in a model's files. */
  public static final String PREFIX = "schedule.";

  private static final String NAME = "powers";

  /** {@return the parameter before it has a value} */
  public List<ParameterSpec> specs() {
    Shape shape = new Shape(learned.parameterCount(vocabularySize));
    return List.of(new ParameterSpec(NAME, shape, new Initializer.Constant(learned.initialRaw())));
  }

  /**
   * {@return the parameter at the initial power, closed by the caller}
   *
   * @param parent the manager of the arrays, whose device is theirs
   */
  public Parameters initial(NDManager parent) {
    return Parameters.initial(parent, specs(), new Noise(0)); // a constant draws nothing
  }

  /**
   * Returns the schedule of a model's file.
   *
   * @throws InvalidDataException if the parameter is not there or out of its bounds
   */
  GenMd4Schedule read(Path file, NDManager parent, double epsilon) throws IOException {
    try (Parameters parameters = ParameterFile.read(file, PREFIX, parent, specs())) {
      return schedule(parameters, epsilon);
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(file, e.getMessage(), e);
    }
  }

  /** Returns whether a model's file has the parameter. */
  static boolean isIn(Path file) throws IOException {
    try (SafeTensors tensors = SafeTensors.open(file)) {
      return tensors.names().contains(PREFIX + NAME);
    }
  }

  /**
   * {@return the schedule that a parameter gives}
   *
   * @param parameters the one parameter, raw powers
   * @param epsilon the squeeze, in [0, 0.5)
   * @throws IllegalArgumentException if a power has left its bounds
   */
  public GenMd4Schedule schedule(Parameters parameters, double epsilon) {
    return GenMd4Schedule.ofRaw(raw(parameters), vocabularySize, epsilon);
  }

  /**
   * {@return the raw powers, before the softplus, [V] or [1]}
   *
   * @param parameters the one parameter, raw powers, float32 [V] or [1]
   */
  public float[] raw(Parameters parameters) {
    return parameters.get(NAME).toFloatArray();
  }
}
