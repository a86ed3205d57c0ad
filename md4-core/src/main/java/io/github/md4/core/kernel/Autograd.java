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
      def gradients(self: __torch__.M, loss: Tensor, variables: List[Tensor]) -> List[Tensor]:
        found = torch.autograd.grad([loss], variables, None, None, False, True)
        gradients = annotate(List[Tensor], [])
        for i in range(len(found)):
          gradient = found[i]
          if gradient is None:
            gradients.append(torch.zeros_like(variables[i]))
          else:
            gradients.append(gradient)
        return gradients
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
   * Returns the gradients of {@code loss}, one element, and frees the recorded graph.
   *
   * @param variables arrays that require a gradient; one that has no part in the loss gets zeros
   * @return shaped as the variables, attached to the manager of {@code loss}
   */
  public NDList gradients(NDArray loss, NDList variables) {
    return script.record(loss.getManager(), "gradients", loss, variables);
  }

  @Override
  public void close() {
    script.close();
  }
}
