// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import java.util.Optional;

/** The matrix products of a pass. */
public interface Products extends AutoCloseable {

  /** Returns {@code x w^T}, [N, out], x [N, in], w [out, in], all contiguous and of one type. */
  NDArray product(NDManager scope, NDArray x, NDArray w);

  /**
   * Returns a product [N, (H + 2 K) W] whose queries and keys are rotated; empty where that is left
   * to a pass of its own.
   *
   * @param rotary cosines and sines, each [L, 1, W / 2]
   */
  default Optional<NDArray> rotated(NDManager scope, NDArray x, NDArray w, NDList rotary) {
    return Optional.empty();
  }

  /**
   * Returns {@code value * activation(gate)}, [N, out / 2], of a product that has values before
   * gates; empty where that is left to a pass of its own.
   */
  default Optional<NDArray> gated(NDManager scope, NDArray x, NDArray w) {
    return Optional.empty();
  }

  /**
   * What follows a product y: the sum {@code s = h + gate * y}, and {@code LN(s) (1 + scale) +
   * shift}.
   *
   * @param h [N, D], rows of examples of {@code length} positions
   * @param gates [B, k, D], the gate at index {@code gate}
   * @param vectors [B, k, D], the shift at index {@code shift}, the scale behind it
   */
  record ResidualNorm(
      NDArray h, NDArray gates, int gate, NDArray vectors, int shift, int examples, int length) {}

  /**
   * Returns the sum and its norm behind a product, each [N, D], the sum of h's type; empty where
   * that is left to a pass of its own.
   */
  default Optional<NDList> normed(NDManager scope, NDArray x, NDArray w, ResidualNorm norm) {
    return Optional.empty();
  }

  /**
   * Returns the gradient by the input of a product, {@code dy w}, [N, in]; empty where that is left
   * to libtorch.
   */
  default Optional<NDArray> inputGradient(NDManager scope, NDArray dy, NDArray w) {
    return Optional.empty();
  }

  /**
   * Writes the gradient by the weight of a product, {@code dy^T x}, into [out, in]; returns whether
   * it did, false where that is left to libtorch.
   */
  default boolean weightGradient(NDArray dy, NDArray x, NDArray into) {
    return false;
  }

  @Override
  void close();

  /** Products by libtorch. */
  final class Script implements Products {
    private static final String TEXT =
        """
        def product(self: __torch__.M, x: Tensor, w: Tensor, into: Tensor) -> Tensor:
          return torch.mm(x, w.t(), out=into)
        """;

    private final BufferPool pool;
    private final TorchScript script;

    public Script(NDManager parent, BufferPool pool) {
      this.pool = pool;
      this.script = TorchScript.load(parent, Map.of(), TEXT);
    }

    @Override
    public NDArray product(NDManager scope, NDArray x, NDArray w) {
      NDArray into = pool.columns(scope, x, (int) w.getShape().get(0));
      script.run(scope, "product", x, w, into).close();
      return into;
    }

    @Override
    public void close() {
      script.close();
    }
  }
}
