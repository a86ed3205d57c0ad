// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.noise.Noise;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A network's parameters by name, in the network's order; float32, owned and closed by this object.
 * For one thread while they change.
 */
public final class Parameters implements AutoCloseable {
  private final FlatArrays flat;
  private final Map<String, NDArray> arrays = new LinkedHashMap<>();

  private Parameters(Iterable<String> names, FlatArrays flat) {
    this.flat = flat;
    int index = 0;
    for (String name : names) {
      arrays.put(name, flat.array(index++));
    }
  }

  /** The source of a parameter's values. */
  @FunctionalInterface
  public interface Values {
    /**
     * {@return the values of a parameter, row-major, as many as its shape has elements}
     *
     * @param spec the parameter's name, shape and initial law
     * @param index the parameter's place in the network, from 0
     */
    float[] of(ParameterSpec spec, int index);
  }

  /**
   * {@return parameters drawn from their initial laws, closed by the caller}
   *
   * @param parent the manager of the arrays, whose device is theirs
   * @param specs the parameters, in the order of files
   * @param noise the noise of the run's seed
   */
  public static Parameters initial(NDManager parent, List<ParameterSpec> specs, Noise noise) {
    return of(
        parent,
        specs,
        (spec, index) -> {
          float[] values = new float[Math.toIntExact(spec.shape().size())];
          spec.initializer().fill(values, noise, index);
          return values;
        });
  }

  /**
   * {@return parameters with the given values, closed by the caller; one parameter at a time is
   * held on the host}
   *
   * @param parent the manager of the arrays, whose device is theirs
   * @param specs the parameters, in the order of files
   * @param values the source of the values of each
   * @throws IllegalArgumentException if values are not as many as a shape has elements
   */
  public static Parameters of(NDManager parent, List<ParameterSpec> specs, Values values) {
    Parameters parameters = zeros(parent, specs);
    for (int i = 0; i < specs.size(); i++) {
      parameters.flat.set(i, values.of(specs.get(i), i));
    }
    return parameters;
  }

  /**
   * {@return parameters with the values of a source, nothing of which stays on the host, unless it
   * is the device}
   *
   * @param parent the manager of the arrays, whose device is theirs
   * @param specs the parameters, in the order of files
   * @param source reads the values, a part at a time
   * @throws IOException if a file cannot be read
   */
  public static Parameters read(NDManager parent, List<ParameterSpec> specs, ParameterSource source)
      throws IOException {
    Parameters parameters = zeros(parent, specs);
    try {
      ParameterParts.copy(parameters.flat, specs, source);
      return parameters;
    } catch (IOException | RuntimeException e) {
      parameters.close();
      throw e;
    }
  }

  private static Parameters zeros(NDManager parent, List<ParameterSpec> specs) {
    List<Shape> shapes = specs.stream().map(ParameterSpec::shape).toList();
    List<String> names = specs.stream().map(ParameterSpec::name).toList();
    return new Parameters(names, FlatArrays.zeros(parent, shapes, Precision.FLOAT32));
  }

  /** {@return a copy that shares nothing with this, closed by the caller} */
  public Parameters copy() {
    return new Parameters(arrays.keySet(), flat.copy());
  }

  /** {@return zeros of the same names and shapes, closed by the caller} */
  public Parameters zeros() {
    return new Parameters(arrays.keySet(), flat.zeros(Precision.FLOAT32));
  }

  /** Marks the parameters as leaves of automatic differentiation. */
  public void requireGradients() {
    arrays.values().forEach(array -> array.setRequiresGradient(true));
  }

  /**
   * {@return the parameter of that name, in its spec's shape, owned by this object}
   *
   * @param name the parameter's name in the model's file
   * @throws IllegalArgumentException if there is none
   */
  public NDArray get(String name) {
    NDArray array = arrays.get(name);
    if (array == null) {
      throw new IllegalArgumentException("no parameter has this name: " + name);
    }
    return array;
  }

  /** {@return the arrays by name, in order; not to be changed} */
  public Map<String, NDArray> byName() {
    return Collections.unmodifiableMap(arrays);
  }

  /** {@return the arrays in order} */
  public NDList list() {
    return new NDList(arrays.values());
  }

  /**
   * {@return the arrays' contiguous memory}
   *
   * @hidden its types are internal
   */
  public FlatArrays flat() {
    return flat;
  }

  /** {@return the number of elements of all parameters} */
  public long size() {
    return arrays.values().stream().mapToLong(NDArray::size).sum();
  }

  @Override
  public void close() {
    flat.close();
  }
}
