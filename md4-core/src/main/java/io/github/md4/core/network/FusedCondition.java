// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.kernel.FusedConditionKernels;
import io.github.md4.core.kernel.FusedConditionKernels.Conditioned;
import io.github.md4.core.kernel.FusedKernels;
import io.github.md4.core.kernel.Hidden;
import io.github.md4.core.network.TransformerConfig.TimeFeatures;
import java.util.Arrays;

/** What the hand-written pass tells its layers of time and class, and the way back from it. */
final class FusedCondition {
  private static final String CLASSES = "condition.classes.weight";
  private static final String[] DENSE = {
    "condition.dense1.weight",
    "condition.dense1.bias",
    "condition.dense2.weight",
    "condition.dense2.bias"
  };

  private final FusedKernels kernels;
  private final FusedConditionKernels small;
  private final FusedWeights weights;
  private final TransformerConfig config;
  private NDArray times;
  private NDArray labels;
  private NDArray features;
  private Conditioned conditioned;

  FusedCondition(FusedKernels kernels, FusedWeights weights, TransformerConfig config) {
    this.kernels = kernels;
    this.small = kernels.condition();
    this.weights = weights;
    this.config = config;
  }

  /** Returns the most bytes that {@link #upload} takes. */
  long bytes(int batchSize) {
    return (long) batchSize * (config.headWidth() * Float.BYTES + Long.BYTES);
  }

  void upload(NDManager scope, Condition condition) {
    double[] times = condition.times();
    if (config.timeFeatures() == TimeFeatures.T) {
      Shape shape = new Shape(times.length, config.headWidth());
      this.times = kernels.floats(scope, TimeEmbedding.of(times, config.headWidth()), shape);
    }
    if (config.classes() > 0) {
      long[] wide = Arrays.stream(condition.labels()).asLongStream().toArray();
      this.labels = kernels.longs(scope, wide);
    }
  }

  /** Returns the activated condition [B, W]. */
  Hidden forward(NDManager scope) {
    conditioned =
        config.timeFeatures() == TimeFeatures.T
            ? ofTime(scope)
            : small.classCondition(scope, labels, weights.exact(CLASSES));
    return conditioned.c();
  }

  private Conditioned ofTime(NDManager scope) {
    features =
        config.classes() > 0
            ? small.withClass(scope, times, labels, weights.exact(CLASSES))
            : times;
    return small.condition(scope, features, weights.exact(DENSE));
  }

  /**
   * Writes the gradients by the condition's parameters.
   *
   * @param dc by the activated condition, float32 [B, W]
   */
  void backward(NDManager scope, NDArray dc) {
    NDArray gradient;
    if (config.timeFeatures() == TimeFeatures.T) {
      NDList inputs = new NDList(features, weights.exact(DENSE[0]), weights.exact(DENSE[2]));
      gradient = small.conditionBack(scope, dc, conditioned, inputs, weights.gradients(DENSE));
    } else {
      gradient = small.classConditionBack(scope, dc, conditioned);
    }
    if (config.classes() > 0) {
      small.classBack(scope, gradient, labels, weights.gradient(CLASSES));
    }
  }
}
