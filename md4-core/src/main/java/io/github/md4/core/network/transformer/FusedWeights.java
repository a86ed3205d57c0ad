// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.network.Parameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The parameters of the hand-written pass: float32 values, the copy that products read, and the
 * gradients.
 *
 * @param segments where segments of the gradients begin. Products' gradients are complete block by
 *     block; those of the modulations between them, of the embedding and of the condition at the
 *     end
 */
record FusedWeights(
    Parameters parameters,
    Map<String, Integer> indices,
    int[] segments,
    FlatArrays copy,
    FlatArrays gradients) {

  /** Returns weights that are only read. */
  static FusedWeights frozen(Parameters parameters, FlatArrays copy) {
    return of(parameters, copy, copy);
  }

  /**
   * Returns weights that are only read, of which each is there once.
   *
   * @param exact those that are read in float32
   * @param names those of the products, in the order of {@code copy}
   */
  static FusedWeights apart(Parameters exact, List<String> names, FlatArrays copy) {
    return of(exact, names, copy, copy);
  }

  static FusedWeights of(Parameters parameters, FlatArrays copy, FlatArrays gradients) {
    return of(parameters, new ArrayList<>(parameters.byName().keySet()), copy, gradients);
  }

  private static FusedWeights of(
      Parameters parameters, List<String> names, FlatArrays copy, FlatArrays gradients) {
    Map<String, Integer> indices = new java.util.HashMap<>();
    for (int i = 0; i < names.size(); i++) {
      indices.put(names.get(i), i);
    }
    int[] segments =
        IntStream.range(0, names.size()).filter(i -> i == 0 || isFirst(names.get(i))).toArray();
    return new FusedWeights(parameters, indices, segments, copy, gradients);
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

  Hidden[] copies(Stream<String> names) {
    return names.map(this::copy).toArray(Hidden[]::new);
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
    return gradients(Stream.of(names));
  }

  Hidden[] gradients(Stream<String> names) {
    return names.map(this::gradient).toArray(Hidden[]::new);
  }

  private static boolean isFirst(String name) {
    return name.endsWith("modulation.weight")
        || name.endsWith("attention.qkv.weight")
        || name.equals("head.weight");
  }

  /** Returns the place among the segments of the one that begins with a parameter. */
  int segment(String first) {
    return Arrays.binarySearch(segments, index(first));
  }

  private int index(String name) {
    Integer index = indices.get(name);
    if (index == null) {
      throw new IllegalArgumentException("no parameter has this name: " + name);
    }
    return index;
  }
}
