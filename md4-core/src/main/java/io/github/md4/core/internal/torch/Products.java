// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/** The matrix products of a forward pass. */
public interface Products extends AutoCloseable {

  /** Returns {@code x w^T}, [N, out], x [N, in], w [out, in], all contiguous and of one type. */
  NDArray product(NDManager scope, NDArray x, NDArray w);

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
