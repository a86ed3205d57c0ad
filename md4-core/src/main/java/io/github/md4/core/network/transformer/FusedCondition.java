// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.FusedConditionKernels;
import io.github.md4.core.internal.transformer.FusedConditionKernels.Conditioned;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.network.TimeEmbedding;
import io.github.md4.core.network.TimeFeatures;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Objects;
import java.util.stream.Stream;

/** The condition of the hand-written pass, forward and backward. */
final class FusedCondition {
  static final String CLASSES = "condition.classes.weight";
  static final String[] DENSE = {
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

  /**
   * The condition's inputs on the host.
   *
   * @param timeFeatures [B W], empty where the time is not an input
   * @param labels [B], empty where there are no classes
   */
  record HostCondition(float[] timeFeatures, long[] labels) {

    static HostCondition of(TransformerConfig config, Condition condition) {
      boolean isOfTime = config.timeFeatures() == TimeFeatures.T;
      double[] times = isOfTime ? condition.times() : new double[0];
      int[] labels = config.classes() > 0 ? condition.labels() : new int[0];
      return new HostCondition(
          TimeEmbedding.of(times, config.headWidth()),
          Arrays.stream(labels).asLongStream().toArray());
    }

    /** Returns the bytes that {@link #upload} takes. */
    long bytes() {
      return (long) timeFeatures.length * Float.BYTES + (long) labels.length * Long.BYTES;
    }
  }

  void upload(NDManager scope, HostCondition host) {
    if (config.timeFeatures() == TimeFeatures.T) {
      Shape shape = new Shape(host.timeFeatures.length / config.headWidth(), config.headWidth());
      this.times = kernels.uploads().floats(scope, host.timeFeatures, shape);
    }
    if (config.classes() > 0) {
      this.labels = kernels.uploads().longs(scope, host.labels);
    }
  }

  /** Takes inputs that are on the device, as {@link #inputs} returns them, and returns this. */
  FusedCondition with(NDList given) {
    Iterator<NDArray> next = given.iterator();
    times = config.timeFeatures() == TimeFeatures.T ? next.next() : null;
    labels = config.classes() > 0 ? next.next() : null;
    return this;
  }

  /** Returns the inputs on the device. */
  NDList inputs() {
    return new NDList(Stream.of(times, labels).filter(Objects::nonNull).toList());
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
      gradient = small.conditionBackward(scope, dc, conditioned, inputs, weights.gradients(DENSE));
    } else {
      gradient = small.classConditionBackward(scope, dc, conditioned);
    }
    if (config.classes() > 0) {
      small.classBackward(scope, gradient, labels, weights.gradient(CLASSES));
    }
  }
}
