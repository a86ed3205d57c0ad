// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/** The comparison of a gradient by a weight with libtorch's. */
final class WeightGradientCheck implements AutoCloseable {
  private static final String TEXT =
      """
      def agrees(self: __torch__.M, dy: Tensor, x: Tensor, ours: Tensor) -> Tensor:
        expected = torch.mm(dy.t(), x).to(6)
        distance = torch.norm(torch.sub(ours.to(6), expected))
        return torch.le(distance, self.tolerance * torch.norm(expected))
      """;

  /** Of the gradient's norm: both are rounded to bfloat16 once, by at most 2^-9. */
  private static final double TOLERANCE = 0x1p-7;

  private final NDManager manager;
  private final TorchScript script;

  WeightGradientCheck(NDManager parent) {
    this.manager = parent.newSubManager();
    this.script = TorchScript.load(manager, Map.of("tolerance", TOLERANCE), TEXT);
  }

  /** Returns whether {@code ours} [out, in] is {@code dy^T x} up to rounding; false for NaN. */
  boolean agrees(NDArray dy, NDArray x, NDArray ours) {
    try (NDManager scope = manager.newSubManager()) {
      return script.run(scope, "agrees", dy, x, ours).singletonOrThrow().getBoolean();
    }
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
