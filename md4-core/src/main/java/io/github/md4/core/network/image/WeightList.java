// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.github.md4.core.network.ParameterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The parameters that a kernel takes as one list, in its order. */
record WeightList(List<ParameterSpec> specs) {

  /** Returns a list of parameters. */
  static WeightList of(ParameterSpec... specs) {
    return new WeightList(List.of(specs));
  }

  /** Returns this list followed by more parameters. */
  WeightList and(List<ParameterSpec> more) {
    List<ParameterSpec> all = new ArrayList<>(specs);
    all.addAll(more);
    return new WeightList(List.copyOf(all));
  }

  /** Returns those after the first {@code count}. */
  WeightList after(int count) {
    return new WeightList(specs.subList(count, specs.size()));
  }

  /**
   * Returns their values.
   *
   * @param weights by name
   */
  NDList in(Function<String, NDArray> weights) {
    NDList values = new NDList();
    specs.forEach(spec -> values.add(weights.apply(spec.name())));
    return values;
  }
}
