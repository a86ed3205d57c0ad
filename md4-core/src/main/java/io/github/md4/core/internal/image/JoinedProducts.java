// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * The products of a condition with the weights of all ResBlocks, made at once: each alone is a
 * launch that takes longer than what it computes.
 *
 * <p>K products [C, D] with biases [C], B examples.
 */
public final class JoinedProducts implements ConditionProducts {
  private static final String SOURCE =
      """
      def stacked(self: __torch__.M, all: List[Tensor]) -> Tensor:
        return torch.stack(all, 0)
      def products(self: __torch__.M, c: Tensor, w: Tensor, b: Tensor) -> List[Tensor]:
        all = c.unsqueeze(0).expand([w.size(0), c.size(0), c.size(1)], implicit=False)
        return torch.unbind(torch.baddbmm(b.unsqueeze(1), all, torch.transpose(w, 1, 2)), 0)
      """;

  private final NDManager manager;
  private final TorchScript script;
  private final List<NDArray> of;
  private final NDArray weights; // [K, C, D]
  private final NDArray biases; // [K, C]

  /**
   * @param weights K of them, float32 [C, D]; the products are known by them
   * @param biases K of them, float32 [C]
   */
  public JoinedProducts(NDManager parent, List<NDArray> weights, List<NDArray> biases) {
    this.manager = parent.newSubManager();
    this.script = TorchScript.load(manager, Map.of(), SOURCE);
    this.of = List.copyOf(weights);
    this.weights = script.run(manager, "stacked", weights).singletonOrThrow();
    this.biases = script.run(manager, "stacked", biases).singletonOrThrow();
  }

  @Override
  public KnownProducts of(NDManager scope, NDArray c) {
    NDList products = script.run(scope, "products", c, weights, biases);
    IdentityHashMap<NDArray, NDArray> byWeight = new IdentityHashMap<>();
    for (int k = 0; k < of.size(); k++) {
      byWeight.put(of.get(k), products.get(k));
    }
    return new KnownProducts(byWeight);
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
