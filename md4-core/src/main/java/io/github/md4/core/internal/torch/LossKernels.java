// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/** Losses with their gradients by the logits, for any device. */
public final class LossKernels implements AutoCloseable {
  private final TorchScript script;

  public LossKernels(NDManager parent) {
    script =
        TorchScript.load(
            parent, Map.of(), TorchScript.resource(LossKernels.class, "loss.torchscript"));
  }

  /** Returns the weighted cross-entropy, one element, and its gradient [R, V]. */
  NDList crossEntropy(NDManager scope, NDArray logits, NDArray targets, NDArray weights) {
    return script.run(scope, "crossEntropy", logits, targets, weights);
  }

  /** Returns sum, gradient [R, V], the loss of each row [R], and the gradient by the powers [V]. */
  NDList genMd4(NDManager scope, NDArray logits, NDArray targets, NDArray weights, NDArray powers) {
    return script.run(scope, "genMd4", logits, targets, weights, powers);
  }

  @Override
  public void close() {
    script.close();
  }
}
