// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Reverse-mode differentiation of recorded operations.
 *
 * <p>Unlike DJL's gradient collector it stores nothing on the arrays. Each thread may use its own
 * instance, also over shared parameters; recorded calls take turns.
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

      def each(self: __torch__.M, outputs: List[Tensor], gradients: List[Tensor], variables: List[Tensor]) -> List[Tensor]:
        outer = annotate(List[Optional[Tensor]], [])
        for i in range(len(gradients)):
          outer.append(gradients[i])
        found = torch.autograd.grad(outputs, variables, outer, None, False, True)
        all = annotate(List[Tensor], [])
        for i in range(len(found)):
          inner = found[i]
          if inner is None:
            all.append(torch.zeros_like(variables[i]))
          else:
            all.append(inner)
        return all

      def zero(self: __torch__.M, all: Tensor) -> Tensor:
        return all.zero_()

      def through(self: __torch__.M, outputs: List[Tensor], gradients: List[Tensor], variables: List[Tensor], into: List[Tensor]) -> List[Tensor]:
        outer = annotate(List[Optional[Tensor]], [])
        for i in range(len(gradients)):
          outer.append(gradients[i])
        found = torch.autograd.grad(outputs, variables, outer, None, False, True)
        rest = [into[0]]
        for i in range(len(found)):
          inner = found[i]
          if inner is None:
            if i >= len(into):
              rest.append(torch.zeros_like(variables[i]))
          elif i < len(into):
            into[i].add_(inner)
          else:
            rest.append(inner)
        return rest
      """;

  private final TorchScript script;

  public Autograd(NDManager parent) {
    script = TorchScript.load(parent, Map.of(), SOURCE);
  }

  /** Returns the result of {@code computation}, recording this thread's operations. */
  public <T> T record(Supplier<T> computation) {
    return with(true, computation);
  }

  /** Returns the result of {@code computation} without recording it. */
  public <T> T pause(Supplier<T> computation) {
    return with(false, computation);
  }

  private static <T> T with(boolean gradMode, Supplier<T> computation) {
    boolean before = JniUtils.isGradMode();
    JniUtils.setGradMode(gradMode);
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
   * @param variables arrays that require a gradient; one that the output does not depend on gets
   *     zeros
   * @param into shaped as the variables
   */
  public void gradients(NDArray output, NDArray gradient, NDList variables, FlatArrays into) {
    try (NDManager scope = output.getManager().newSubManager()) {
      script.record(scope, "gradients", output, gradient, variables, into.arrays()).close();
    }
  }

  /**
   * Returns the gradients by {@code variables}, given those by {@code outputs}, and frees the
   * recorded graph.
   *
   * @param variables arrays that require a gradient; one that no output depends on gets zeros
   */
  public NDList gradients(NDManager scope, NDList outputs, NDList gradients, NDList variables) {
    return script.record(scope, "each", outputs, gradients, variables);
  }

  /** Sets all to zero. */
  public void zero(FlatArrays arrays) {
    try (NDManager scope = arrays.whole().getManager().newSubManager()) {
      script.run(scope, "zero", arrays.whole()).close();
    }
  }

  /**
   * Adds to {@code into} the gradients by the first of the variables, as many as it has arrays, and
   * frees the recorded graph.
   *
   * @param gradients the gradient by each output
   * @param into not empty
   * @return the gradients by the other variables
   */
  public NDList gradients(NDList outputs, NDList gradients, NDList variables, List<NDArray> into) {
    NDManager scope = outputs.get(0).getManager();
    NDList found = script.record(scope, "through", outputs, gradients, variables, into);
    found.remove(0).close();
    return found;
  }

  /** Returns {@code x} as a leaf: from now on gradients can be taken by it. */
  public static NDArray leaf(NDArray x) {
    x.setRequiresGradient(true);
    return x;
  }

  @Override
  public void close() {
    script.close();
  }
}
