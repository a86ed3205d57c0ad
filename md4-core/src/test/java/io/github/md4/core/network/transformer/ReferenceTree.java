// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.types.Shape;
import io.github.md4.core.network.ParameterSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A parameter tree of the reference beside our parameters: which of its leaves hold which of our
 * rows, and the deterministic fill of spec, Section 11.
 *
 * <p>A row of a parameter is all that stands at one index of its first axis; the reference's
 * kernels have that axis last.
 */
public final class ReferenceTree {

  /** A leaf: rows {@code first} to {@code first + count} of our parameter, perhaps transposed. */
  record Leaf(String parameter, int first, int count, boolean isKernel) {}

  private final Map<String, Leaf> leaves = new TreeMap<>();
  private final Map<String, Shape> shapes = new LinkedHashMap<>();

  public ReferenceTree(List<ParameterSpec> specs) {
    specs.forEach(s -> shapes.put(s.name(), s.shape()));
  }

  /** Returns our parameters' names, in the network's order. */
  public List<String> names() {
    return new ArrayList<>(shapes.keySet());
  }

  /** Leaves by their path, sorted as ASCII; other leaves of the file's list are not ours. */
  public Map<String, Leaf> leaves() {
    return leaves;
  }

  /**
   * Fills our parameters: the k-th path of {@code paths} gets {@code 0.1 sin(0.7 j + 1.3 k + 0.1)}
   * at its j-th element, and one more where it is a scale.
   */
  public Map<String, float[]> filled(List<String> paths) {
    Map<String, float[]> values = new LinkedHashMap<>();
    shapes.forEach((name, shape) -> values.put(name, new float[(int) shape.size()]));
    List<String> sorted = paths.stream().sorted().toList();
    for (int k = 0; k < sorted.size(); k++) {
      Leaf leaf = leaves.get(sorted.get(k));
      if (leaf != null) {
        fill(values.get(leaf.parameter), leaf, k, sorted.get(k).endsWith("/scale") ? 1 : 0);
      }
    }
    return values;
  }

  private void fill(float[] values, Leaf leaf, int k, double offset) {
    int in = inputs(leaf.parameter);
    for (int row = 0; row < leaf.count; row++) {
      for (int column = 0; column < in; column++) {
        int j = leaf.isKernel ? column * leaf.count + row : row * in + column;
        values[(leaf.first + row) * in + column] =
            (float) (0.1 * Math.sin(0.7 * j + 1.3 * k + 0.1) + offset);
      }
    }
  }

  /** Returns the Euclidean norm of a leaf's part of our gradient. */
  double norm(Leaf leaf, float[] gradient) {
    int in = inputs(leaf.parameter);
    double sum = 0;
    for (int i = leaf.first * in; i < (leaf.first + leaf.count) * in; i++) {
      sum += (double) gradient[i] * gradient[i];
    }
    return Math.sqrt(sum);
  }

  private int inputs(String parameter) {
    Shape shape = shapes.get(parameter);
    return (int) (shape.size() / shape.get(0));
  }

  /** Adds all rows of a parameter unchanged. */
  public void table(String path, String parameter) {
    leaves.put(path, new Leaf(parameter, 0, rowsOf(parameter), false));
  }

  /** Adds the weight of a product or the filters of a convolution. */
  public void kernel(String path, String parameter) {
    String weight = parameter + ".weight";
    rows(path + "/kernel", weight, 0, rowsOf(weight));
  }

  public void bias(String path, String parameter) {
    table(path + "/bias", parameter + ".bias");
  }

  /** Adds a product with its bias. */
  public void dense(String path, String parameter) {
    kernel(path, parameter);
    bias(path, parameter);
  }

  /** Rows of a product's weight. */
  public void rows(String path, String parameter, int first, int count) {
    leaves.put(path, new Leaf(parameter, first, count, true));
  }

  /** Rows of a bias. */
  public void biasRows(String path, String parameter, int first, int count) {
    leaves.put(path, new Leaf(parameter, first, count, false));
  }

  private int rowsOf(String parameter) {
    return (int) shapes.get(parameter).get(0);
  }
}
