// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/** Times and classes as one vector an example, float32; every result belongs to {@code scope}. */
public final class ConditionKernels implements AutoCloseable {
  private static final String SOURCE = TorchScript.resource("condition.torchscript");

  private final KernelCalls calls;

  private ConditionKernels(KernelCalls calls) {
    this.calls = calls;
  }

  /** Returns kernels whose results cannot be differentiated. */
  public static ConditionKernels forInference(NDManager parent) {
    return new ConditionKernels(KernelCalls.run(TorchScript.load(parent, Map.of(), SOURCE)));
  }

  /** Returns kernels that the automatic differentiation follows. */
  public static ConditionKernels forTraining(NDManager parent) {
    return new ConditionKernels(KernelCalls.record(TorchScript.load(parent, Map.of(), SOURCE)));
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

  /** Returns the row of each label, int64 [B], in {@code table}; [B, W]. */
  public NDArray ofClass(NDManager scope, NDArray labels, NDArray table) {
    return calls.array(scope, "ofClass", labels, table);
  }

  @Override
  public void close() {
    calls.close();
  }
}
