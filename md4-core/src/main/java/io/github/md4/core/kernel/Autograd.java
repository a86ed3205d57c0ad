// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Reverse-mode differentiation of what was recorded.
 *
 * <p>Unlike DJL's gradient collector it keeps nothing on the arrays. Any number of threads may use
 * their own, over the same parameters too, but take turns in what they record.
 */
public final class Autograd implements AutoCloseable {
  private static final String SOURCE =
      """
      def gradients(self: __torch__.M, output: Tensor, gradient: Tensor, variables: List[Tensor], into: List[Tensor]) -> Tensor:
        outer = annotate(List[Optional[Tensor]], [gradient])
        found = torch.autograd.grad([output], variables, outer, None, False, True)
        for i in range(len(found)):
          inner = found[i]
          if inner is None:
            into[i].zero_()
          else:
            into[i].copy_(inner)
        return into[0]
      """;

  private final TorchScript script;

  public Autograd(NDManager parent) {
    script = TorchScript.load(parent, Map.of(), SOURCE);
  }

  /** Returns what {@code computation} returns, this thread's operations being recorded. */
  public <T> T record(Supplier<T> computation) {
    boolean before = JniUtils.isGradMode();
    JniUtils.setGradMode(true);
    try {
      return computation.get();
    } finally {
      JniUtils.setGradMode(before);
    }
  }

  /**
   * Writes the gradients by {@code variables}, given that by {@code output}, and frees the recorded
   * graph.
   *
   * @param variables arrays that require a gradient; one that has no part in the output gets zeros
   * @param into shaped as the variables
   */
  public void gradients(NDArray output, NDArray gradient, NDList variables, FlatArrays into) {
    try (NDManager scope = output.getManager().newSubManager()) {
      script.record(scope, "gradients", output, gradient, variables, into.arrays()).close();
    }
  }

  @Override
  public void close() {
    script.close();
  }
}
