// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.torch.ConditionKernels;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.Specs;
import io.github.md4.core.network.TimeEmbedding;
import io.github.md4.core.network.TimeFeatures;
import java.util.ArrayList;
import java.util.List;

/**
 * The embedding of times and classes as one vector for each example (spec, Section 5.2).
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

  /** Returns the condition, float32 [B, W], or an empty list without condition. */
  NDList of(NDManager scope, ConditionKernels kernels, Parameters parameters, Condition condition) {
    if (!config.isPresent()) {
      return new NDList();
    }
    if (config.timeFeatures() == TimeFeatures.NONE) {
      NDArray table = parameters.get(CLASSES);
      return new NDList(
          kernels.classEmbedding(scope, kernels.labels(scope, labels(condition)), table));
    }
    double[] times = condition.times();
    NDArray features =
        kernels.features(scope, TimeEmbedding.of(times, width), times.length); // [B, W]
    if (config.classes() > 0) {
      NDArray table = parameters.get(CLASSES);
      features =
          kernels.withClass(
              scope, features, kernels.labels(scope, labels(condition)), table); // [B, 2 W]
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

  /** Returns the number of labels: the classes, and no class where it has a label. */
  private int labelCount() {
    return config.classes() + (config.nullLabel().isPresent() ? 1 : 0);
  }

  private long[] labels(Condition condition) {
    long[] labels = new long[condition.labels().length];
    for (int b = 0; b < labels.length; b++) {
      labels[b] = condition.labels()[b];
      if (labels[b] < 0 || labels[b] >= labelCount()) {
        throw new IllegalArgumentException(
            "labels must be in [0, " + labelCount() + "): " + labels[b]);
      }
    }
    return labels;
  }
}
