// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDList;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import java.util.ArrayList;
import java.util.List;

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

  /** Returns their values. */
  NDList in(Parameters parameters) {
    NDList values = new NDList();
    specs.forEach(spec -> values.add(parameters.get(spec.name())));
    return values;
  }
}
