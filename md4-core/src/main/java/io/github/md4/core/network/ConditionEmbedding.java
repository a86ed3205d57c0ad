// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.kernel.ConditionKernels;
import io.github.md4.core.network.TransformerConfig.TimeFeatures;
import java.util.ArrayList;
import java.util.List;

/**
 * Times and classes as one vector an example (spec, Section 5.2).
 *
 * @param width W of time features, class embeddings and condition
 */
record ConditionEmbedding(ConditionConfig config, int width) {
  private static final String CLASSES = "condition.classes.weight";
  private static final int EXPANSION = 4;

  /** Returns its parameters. */
  List<ParameterSpec> specs() {
    List<ParameterSpec> specs = new ArrayList<>();
    if (config.classes() > 0) {
      specs.add(Specs.table(CLASSES, labelCount(), width));
    }
    if (config.timeFeatures() == TimeFeatures.T) {
      specs.addAll(dense().specs());
    }
    return specs;
  }

  /** Returns the condition, float32 [B, W], or nothing where the network is told nothing. */
  NDList of(NDManager scope, ConditionKernels kernels, Parameters parameters, Condition condition) {
    if (!config.isPresent()) {
      return new NDList();
    }
    if (config.timeFeatures() == TimeFeatures.NONE) {
      NDArray table = parameters.get(CLASSES);
      return new NDList(kernels.ofClass(scope, labels(scope, condition), table));
    }
    NDArray features = timeFeatures(scope, condition.times()); // [B, W]
    if (config.classes() > 0) {
      NDArray table = parameters.get(CLASSES);
      features = kernels.withClass(scope, features, labels(scope, condition), table); // [B, 2 W]
    }
    return new NDList(kernels.condition(scope, features, dense().in(parameters)));
  }

  private WeightList dense() {
    long hidden = (long) EXPANSION * width;
    return WeightList.of(
        Specs.product("condition.dense1.weight", hidden, config.classes() > 0 ? 2L * width : width),
        Specs.zeros("condition.dense1.bias", hidden),
        Specs.product("condition.dense2.weight", width, hidden),
        Specs.zeros("condition.dense2.bias", width));
  }

  /** Classes, and no class where that is known. */
  private int labelCount() {
    return config.classes() + (config.nullLabel().isPresent() ? 1 : 0);
  }

  private NDArray timeFeatures(NDManager scope, double[] times) {
    float[] features = TimeEmbedding.of(times, width);
    return owned(scope.create(features, new Shape(times.length, width)));
  }

  private NDArray labels(NDManager scope, Condition condition) {
    long[] labels = new long[condition.labels().length];
    for (int b = 0; b < labels.length; b++) {
      labels[b] = condition.labels()[b];
      if (labels[b] < 0 || labels[b] >= labelCount()) {
        throw new IllegalArgumentException(
            "labels must be in [0, " + labelCount() + "): " + labels[b]);
      }
    }
    return owned(scope.create(labels));
  }

  /**
   * Returns a copy in the engine's own memory. DJL lends a tensor on the CPU the memory of a Java
   * buffer, which is free again once the array is closed; a recorded graph reads it after that.
   */
  private static NDArray owned(NDArray lent) {
    try (lent) {
      return lent.duplicate();
    }
  }
}
