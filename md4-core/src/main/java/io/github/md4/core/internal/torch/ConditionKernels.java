// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.Upload;
import java.util.Map;

/**
 * The kernels of the condition: times and classes as one vector for each example, float32. Every
 * result belongs to {@code scope}.
 */
public final class ConditionKernels implements AutoCloseable {
  private static final String SOURCE =
      TorchScript.resource(ConditionKernels.class, "condition.torchscript");

  private final KernelCalls calls;
  private final Upload upload;

  private ConditionKernels(KernelCalls calls, Upload upload) {
    this.calls = calls;
    this.upload = upload;
  }

  /** Returns kernels whose results cannot be differentiated. */
  public static ConditionKernels forInference(NDManager parent) {
    KernelCalls calls = KernelCalls.run(TorchScript.load(parent, Map.of(), SOURCE));
    return new ConditionKernels(calls, Upload.plain());
  }

  /** Returns kernels whose results can be differentiated automatically. */
  public static ConditionKernels forTraining(NDManager parent) {
    KernelCalls calls = KernelCalls.record(TorchScript.load(parent, Map.of(), SOURCE));
    return new ConditionKernels(calls, Upload.of(parent));
  }

  /** Returns features of the examples' times on the device, float32 [B, W]. */
  public NDArray features(NDManager scope, float[] values, int examples) {
    upload.begin((long) values.length * Float.BYTES);
    Shape shape = new Shape(examples, values.length / examples);
    NDArray features = upload.floats(scope, values, shape);
    upload.end();
    return features;
  }

  /** Returns the examples' labels on the device, int64 [B]. */
  public NDArray labels(NDManager scope, long[] values) {
    upload.begin((long) values.length * Long.BYTES);
    NDArray labels = upload.longs(scope, values, new Shape(values.length));
    upload.end();
    return labels;
  }

  /**
   * Returns the parts of features and labels that are next to each other, float32 [B, W + 1], or
   * one of both alone: features float32 [B, W], then labels int64 [B].
   *
   * @param width W, 0 without features
   */
  public NDList apart(NDManager scope, NDArray both, int width, boolean hasLabels) {
    NDList parts = new NDList();
    if (width > 0) {
      parts.add(calls.array(scope, "columns", both, width));
    }
    if (hasLabels) {
      parts.add(calls.array(scope, "lastAsLabels", both));
    }
    return parts;
  }

  /**
   * Returns {@code w2 swish(w1 features + b1) + b2}, [B, W].
   *
   * @param weights w1 [4 W, features], b1, w2 [W, 4 W], b2
   */
  public NDArray condition(NDManager scope, NDArray features, NDList weights) {
    return calls.array(
        scope,
        "condition",
        features,
        weights.get(0),
        weights.get(1),
        weights.get(2),
        weights.get(3));
  }

  /** Returns the time features with each example's class appended, labels int64 [B]. */
  public NDArray withClass(NDManager scope, NDArray features, NDArray labels, NDArray table) {
    return calls.array(scope, "withClass", features, labels, table);
  }

  /** Returns the class embedding of labels int64 [B], [B, W]. */
  public NDArray classEmbedding(NDManager scope, NDArray labels, NDArray table) {
    return calls.array(scope, "classEmbedding", labels, table);
  }

  @Override
  public void close() {
    calls.close();
    upload.close();
  }
}
