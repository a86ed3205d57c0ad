// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.network.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The parameters of the hand-written pass: float32 values, the copy that products read, and the
 * gradients.
 */
record FusedWeights(
    Parameters parameters, Map<String, Integer> indices, FlatArrays copy, FlatArrays gradients) {

  /** Returns weights that are only read. */
  static FusedWeights frozen(Parameters parameters, FlatArrays copy) {
    return of(parameters, copy, copy);
  }

  static FusedWeights of(Parameters parameters, FlatArrays copy, FlatArrays gradients) {
    List<String> names = new ArrayList<>(parameters.byName().keySet());
    Map<String, Integer> indices = new java.util.HashMap<>();
    for (int i = 0; i < names.size(); i++) {
      indices.put(names.get(i), i);
    }
    return new FusedWeights(parameters, indices, copy, gradients);
  }

  /** Returns a parameter in float32. */
  NDArray exact(String name) {
    return parameters.get(name);
  }

  NDList exact(String... names) {
    return new NDList(Stream.of(names).map(parameters::get).toList());
  }

  /** Returns a parameter in the products' type. */
  Hidden copy(String name) {
    return copy.hidden(index(name));
  }

  /** Returns a parameter in the products' type, with its padding rows. */
  Hidden paddedCopy(String name) {
    return copy.padded(index(name));
  }

  /** Returns the array for the gradient by a parameter. */
  Hidden gradient(String name) {
    return gradients.hidden(index(name));
  }

  Hidden paddedGradient(String name) {
    return gradients.padded(index(name));
  }

  Hidden[] gradients(String... names) {
    return Stream.of(names).map(this::gradient).toArray(Hidden[]::new);
  }

  private int index(String name) {
    Integer index = indices.get(name);
    if (index == null) {
      throw new IllegalArgumentException("no parameter has this name: " + name);
    }
    return index;
  }
}
