// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.network.FrozenDenoiser;

/**
 * An image network with weights that never change, by one launch after another.
 *
 * <p>Safe for use by several threads.
 *
 * @param weights closed with this
 */
record FrozenImageNetwork(PixelNetwork network, ImageWeights weights) implements FrozenDenoiser {
  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    network.check(zt, condition, rows);
    try (NDManager scope = zt.getManager().newSubManager()) {
      NDArray logits = logits(scope, zt, network.inputs(scope, condition), rows);
      logits.attach(zt.getManager());
      return logits;
    }
  }

  /** Returns the logits of checked inputs that are on the device; they belong to {@code outer}. */
  NDArray logits(NDManager outer, NDArray zt, NDList inputs, NDArray rows) {
    try (NDManager scope = outer.newSubManager()) {
      NDArray logits = network.logits(scope, weights, zt, inputs, rows);
      logits.attach(outer);
      return logits;
    }
  }

  /**
   * Returns the logits of checked inputs that are on the device, in the type of the products; they
   * belong to {@code outer}.
   */
  Hidden product(NDManager outer, NDArray zt, NDList inputs, NDArray rows) {
    try (NDManager scope = outer.newSubManager()) {
      Hidden product = network.product(scope, weights, zt, inputs, rows);
      product.attach(outer);
      return product;
    }
  }

  @Override
  public String description() {
    return network.description();
  }

  @Override
  public void close() {
    weights.close();
  }
}
