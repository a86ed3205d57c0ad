// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.network.Initializer;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.LearnedNoise;
import io.github.md4.core.schedule.MaskingSchedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The parameters from which a learned noise comes, beside the network's: {@code schedule.start} and
 * {@code schedule.end} [1], log signal-to-noise ratios, and {@code schedule.shape} [K].
 *
 * @param learned the noise at the start
 */
public record NoiseParameter(LearnedNoise learned) {
  private static final String START = "start";
  private static final String END = "end";
  private static final String SHAPE = "shape";

  /** {@return the parameters before they have values} */
  public List<ParameterSpec> specs() {
    Shape one = new Shape(1);
    int pieces = learned.initial().length - 2;
    return List.of(
        new ParameterSpec(START, one, new Initializer.Constant((float) learned.start())),
        new ParameterSpec(END, one, new Initializer.Constant((float) learned.end())),
        new ParameterSpec(SHAPE, new Shape(pieces), new Initializer.Zeros()));
  }

  /**
   * {@return the parameters at their initial values, closed by the caller}
   *
   * @param parent the manager of the arrays, whose device is theirs
   */
  public Parameters initial(NDManager parent) {
    return Parameters.initial(parent, specs(), new Noise(0)); // constants draw nothing
  }

  /**
   * Returns the schedule of a model's file.
   *
   * @throws InvalidDataException if the parameters are not there or out of their bounds
   */
  MaskingSchedule read(Path file, NDManager parent) throws IOException {
    try (Parameters parameters =
        ParameterFile.read(file, GenMd4Parameter.PREFIX, parent, specs())) {
      return schedule(parameters);
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(file, e.getMessage(), e);
    }
  }

  /** Returns whether a model's file has the parameters. */
  static boolean isIn(Path file) throws IOException {
    try (SafeTensors tensors = SafeTensors.open(file)) {
      return tensors.names().contains(GenMd4Parameter.PREFIX + SHAPE);
    }
  }

  /**
   * {@return the schedule that parameters give}
   *
   * @param parameters both ends and the shape
   * @throws IllegalArgumentException if they are out of their bounds
   */
  public MaskingSchedule schedule(Parameters parameters) {
    return new MaskingSchedule(LearnedNoise.curve(raw(parameters)), 0);
  }

  /**
   * {@return the numbers of parameters: both ends, then the shape, [2 + K], new}
   *
   * @param parameters both ends and the shape
   */
  public float[] raw(Parameters parameters) {
    float[] shape = parameters.get(SHAPE).toFloatArray();
    float[] raw = new float[shape.length + 2];
    raw[0] = parameters.get(START).toFloatArray()[0];
    raw[1] = parameters.get(END).toFloatArray()[0];
    System.arraycopy(shape, 0, raw, 2, shape.length);
    return raw;
  }
}
