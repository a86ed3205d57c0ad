// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.torch.ConditionKernels;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Specs;
import io.github.md4.core.network.TimeEmbedding;
import io.github.md4.core.network.TimeFeatures;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

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

  /**
   * Returns what the condition is computed from, on the device: the features of the times, float32
   * [B, W], and the labels, int64 [B], as far as the network takes them.
   */
  NDList inputs(NDManager scope, ConditionKernels kernels, Condition condition) {
    NDList inputs = new NDList();
    if (config.timeFeatures() == TimeFeatures.T) {
      double[] times = condition.times();
      inputs.add(kernels.features(scope, TimeEmbedding.of(times, width), times.length));
    }
    if (config.classes() > 0) {
      inputs.add(kernels.labels(scope, labels(condition)));
    }
    return inputs;
  }

  /**
   * Returns the condition, float32 [B, W], or an empty list without condition.
   *
   * @param weights by name
   * @param inputs as {@link #inputs} returns them
   */
  NDList of(
      NDManager scope, ConditionKernels kernels, Function<String, NDArray> weights, NDList inputs) {
    if (!config.isPresent()) {
      return new NDList();
    }
    if (config.timeFeatures() == TimeFeatures.NONE) {
      NDArray labels = inputs.singletonOrThrow();
      return new NDList(kernels.classEmbedding(scope, labels, weights.apply(CLASSES)));
    }
    NDArray features = inputs.get(0); // [B, W]
    if (config.classes() > 0) {
      features =
          kernels.withClass(scope, features, inputs.get(1), weights.apply(CLASSES)); // [B, 2 W]
    }
    return new NDList(kernels.condition(scope, features, dense().in(weights)));
  }

  /** Returns F, the numbers of an example that {@link #hostFeatures} writes. */
  int hostFeatures() {
    return (config.timeFeatures() == TimeFeatures.T ? width : 0) + (config.classes() > 0 ? 1 : 0);
  }

  /**
   * Returns what {@link #inputs} uploads, next to each other: of each example the features of its
   * time, then its label, as far as the network takes them, [B F].
   */
  float[] hostFeatures(Condition condition) {
    int examples = condition.times().length;
    boolean isOfTime = config.timeFeatures() == TimeFeatures.T;
    float[] ofTimes = isOfTime ? TimeEmbedding.of(condition.times(), width) : new float[0];
    long[] labels = config.classes() > 0 ? labels(condition) : new long[0];
    int own = hostFeatures();
    float[] features = new float[examples * own];
    for (int b = 0; b < examples; b++) {
      if (isOfTime) {
        System.arraycopy(ofTimes, b * width, features, b * own, width);
      }
      if (labels.length > 0) {
        features[(b + 1) * own - 1] = labels[b];
      }
    }
    return features;
  }

  /**
   * Returns what {@link #inputs} returns, of features that {@link #hostFeatures} wrote.
   *
   * @param features on the device, float32 [B, F]
   */
  NDList inputs(NDManager scope, ConditionKernels kernels, NDArray features) {
    boolean isOfTime = config.timeFeatures() == TimeFeatures.T;
    return kernels.apart(scope, features, isOfTime ? width : 0, config.classes() > 0);
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
