// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.FilterPacks;
import io.github.md4.core.internal.image.KnownProducts;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.network.ParameterSpec;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The part of an image network from tokens to logits, given the condition. */
interface Backbone {

  /** Returns its parameters. */
  List<ParameterSpec> specs();

  /**
   * Returns those of its parameters that are read in the type of the products, whatever theirs is.
   */
  List<ParameterSpec> ofProducts();

  /**
   * Returns the logits of the chosen rows, float32 [R, V].
   *
   * @param zt tokens, int64 [B, N]
   * @param rows flat positions, int64 [R]
   */
  default NDArray logits(Context context, NDArray zt, NDArray rows) {
    return exact(context, product(context, zt, rows));
  }

  /** Returns the weight and the bias of each product of the condition that ResBlocks add. */
  List<List<ParameterSpec>> conditionProducts();

  /** Returns {@link #logits}, in inference in the type of the products. */
  Hidden product(Context context, NDArray zt, NDArray rows);

  /** Returns logits of {@link #product} in float32; those that are given are closed. */
  NDArray exact(Context context, Hidden product);

  /**
   * What is known of weights before a forward pass.
   *
   * @param products of the condition
   * @param packs of filters, if the weights never change
   */
  record Known(KnownProducts products, Optional<FilterPacks> packs) {
    static final Known NOTHING = new Known(KnownProducts.NONE, Optional.empty());
  }

  /**
   * The context of a forward pass.
   *
   * @param scope takes the results
   * @param weights by name
   * @param condition float32 [B, W], or empty without condition
   * @param known what need not be made again
   */
  record Context(
      NDManager scope, Function<String, NDArray> weights, NDList condition, Known known) {

    Context(NDManager scope, Function<String, NDArray> weights, NDList condition) {
      this(scope, weights, condition, Known.NOTHING);
    }

    /** Returns the same context with another scope. */
    Context in(NDManager other) {
      return new Context(other, weights, condition, known);
    }

    /** Returns the values of a list. */
    NDList weights(WeightList list) {
      return list.in(weights);
    }

    /** Returns the condition of a network that has one. */
    NDArray conditionVector() {
      return condition.singletonOrThrow();
    }
  }
}
