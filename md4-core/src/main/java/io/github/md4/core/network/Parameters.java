// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.noise.Noise;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A network's parameters by name, in the network's order; float32, owned and closed by this object.
 */
public final class Parameters implements AutoCloseable {
  private final NDManager manager;
  private final Map<String, NDArray> arrays;

  private Parameters(NDManager manager, Map<String, NDArray> arrays) {
    this.manager = manager;
    this.arrays = arrays;
  }

  /** Gives a parameter its values, as many as its shape has elements. */
  @FunctionalInterface
  public interface Values {
    float[] of(ParameterSpec spec, int index);
  }

  /** Returns parameters drawn from their initial laws. */
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

  /** Returns parameters with the given values; one parameter at a time is held on the host. */
  public static Parameters of(NDManager parent, List<ParameterSpec> specs, Values values) {
    NDManager manager = parent.newSubManager();
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    for (int i = 0; i < specs.size(); i++) {
      ParameterSpec spec = specs.get(i);
      arrays.put(spec.name(), manager.create(values.of(spec, i), spec.shape()));
    }
    return new Parameters(manager, arrays);
  }

  /** Returns a copy that shares nothing with this. */
  public Parameters copy() {
    NDManager copies = manager.getParentManager().newSubManager();
    Map<String, NDArray> copied = new LinkedHashMap<>();
    arrays.forEach((name, array) -> copied.put(name, copy(array, copies)));
    return new Parameters(copies, copied);
  }

  /** Returns zeros of the same names and shapes. */
  public Parameters zeros() {
    NDManager zeros = manager.getParentManager().newSubManager();
    Map<String, NDArray> made = new LinkedHashMap<>();
    arrays.forEach((name, array) -> made.put(name, zeros.zeros(array.getShape())));
    return new Parameters(zeros, made);
  }

  /** Lets the automatic differentiation follow them. */
  public void requireGradients() {
    arrays.values().forEach(array -> array.setRequiresGradient(true));
  }

  /**
   * Returns the parameter of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public NDArray get(String name) {
    NDArray array = arrays.get(name);
    if (array == null) {
      throw new IllegalArgumentException("no parameter has this name: " + name);
    }
    return array;
  }

  /** Returns name and array of each, in order; not to be changed. */
  public Map<String, NDArray> byName() {
    return Collections.unmodifiableMap(arrays);
  }

  /** Returns the arrays in order. */
  public NDList list() {
    return new NDList(arrays.values());
  }

  /** Returns how many numbers they are. */
  public long size() {
    return arrays.values().stream().mapToLong(NDArray::size).sum();
  }

  @Override
  public void close() {
    manager.close();
  }

  private static NDArray copy(NDArray array, NDManager manager) {
    NDArray copy = array.duplicate();
    copy.attach(manager);
    return copy;
  }
}
