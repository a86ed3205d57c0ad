// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import java.util.Map;

/**
 * A repeated product of square matrices: the highest rate of arithmetic that a device sustains, and
 * so the bound of a network's rate.
 */
public final class SquareProduct implements AutoCloseable {
  private static final String SOURCE =
      """
      def operand(self: __torch__.M, u: Tensor, type: int) -> Tensor:
        return torch.to(torch.sin(torch.outer(u, u)), type)

      def multiply(self: __torch__.M, a: Tensor, times: int) -> Tensor:
        product = torch.mm(a, a)
        for i in range(times - 1):
          product = torch.mm(a, a)
        return torch.to(torch.select(torch.select(product, 0, 0), 0, 0), 6)
      """;

  /**
   * The step of the sine's argument that gives numbers without a pattern; zeros would be multiplied
   * faster.
   */
  private static final double IRRATIONAL = (Math.sqrt(5) - 1) / 2;

  private final NDManager manager;
  private final TorchScript script;
  private final NDList operand;
  private final int size;

  /**
   * @param size rows and columns, at least 1
   */
  public SquareProduct(NDManager parent, Precision precision, int size) {
    require(size >= 1, "size must be at least 1", size);
    this.manager = parent.newSubManager();
    this.size = size;
    this.script = TorchScript.load(manager, Map.of(), SOURCE);
    float[] u = new float[size];
    for (int i = 0; i < size; i++) {
      u[i] = (float) (IRRATIONAL * (i + 1));
    }
    try (NDArray factors = manager.create(u)) {
      this.operand = script.run(manager, "operand", factors, precision.scalarType);
    }
  }

  /** Returns the operations of one product, additions and multiplications: {@code 2 size^3}. */
  public double operations() {
    return 2.0 * size * size * size;
  }

  /**
   * Queues {@code times} products and returns the first element of the last, float32. Reading it
   * waits for all of them.
   *
   * @param times at least 1
   */
  public NDArray multiply(NDManager scope, int times) {
    require(times >= 1, "times must be at least 1", times);
    return script.run(scope, "multiply", operand.singletonOrThrow(), times).singletonOrThrow();
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
