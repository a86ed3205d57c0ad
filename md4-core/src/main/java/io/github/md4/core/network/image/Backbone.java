// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import java.util.List;

/** The part of an image network from tokens to logits, given the condition. */
interface Backbone {

  /** Returns its parameters. */
  List<ParameterSpec> specs();

  /**
   * Returns the logits of the chosen rows, [R, V].
   *
   * @param zt tokens, int64 [B, N]
   * @param rows flat positions, int64 [R]
   */
  NDArray logits(Context context, NDArray zt, NDArray rows);

  /**
   * The context of a forward pass.
   *
   * @param scope takes the results
   * @param condition float32 [B, W], or empty without condition
   */
  record Context(NDManager scope, Parameters parameters, NDList condition) {

    /** Returns the same context with another scope. */
    Context in(NDManager other) {
      return new Context(other, parameters, condition);
    }

    /** Returns the values of a list. */
    NDList weights(WeightList list) {
      return list.in(parameters);
    }

    /** Returns the condition of a network that has one. */
    NDArray conditionVector() {
      return condition.singletonOrThrow();
    }
  }
}
