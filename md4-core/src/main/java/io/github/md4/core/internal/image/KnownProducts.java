// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import java.util.IdentityHashMap;
import java.util.Optional;

/** Products of a condition that are known before the blocks that add them, [B, C] each. */
public final class KnownProducts {
  /** None: blocks make their own. */
  public static final KnownProducts NONE = new KnownProducts(new IdentityHashMap<>());

  private final IdentityHashMap<NDArray, NDArray> byWeight;

  KnownProducts(IdentityHashMap<NDArray, NDArray> byWeight) {
    this.byWeight = byWeight;
  }

  /** Returns the product with a weight, which is told by the array itself. */
  public Optional<NDArray> of(NDArray weight) {
    return Optional.ofNullable(byWeight.get(weight));
  }

  public int count() {
    return byWeight.size();
  }
}
