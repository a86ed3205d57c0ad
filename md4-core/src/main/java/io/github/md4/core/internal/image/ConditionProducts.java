// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/** The products of a condition that are made before the ResBlocks that add them. */
public interface ConditionProducts extends AutoCloseable {
  /** None: each ResBlock makes its own. */
  ConditionProducts NONE =
      new ConditionProducts() {
        @Override
        public KnownProducts of(NDManager scope, NDArray c) {
          return KnownProducts.NONE;
        }

        @Override
        public void close() {}
      };

  /**
   * Returns the products; they belong to {@code scope}.
   *
   * @param c float32 [B, D]
   */
  KnownProducts of(NDManager scope, NDArray c);

  @Override
  void close();
}
