// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import java.util.List;

/** What lies between the tokens of images and the logits, the condition given. */
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
   * One way through.
   *
   * @param scope takes what is made
   * @param condition float32 [B, W], or nothing where the network is told nothing
   */
  record Context(NDManager scope, Parameters parameters, NDList condition) {

    /** Returns the same way, what is made being taken by another scope. */
    Context in(NDManager other) {
      return new Context(other, parameters, condition);
    }

    /** Returns the values of a list. */
    NDList weights(WeightList list) {
      return list.in(parameters);
    }

    /** Returns what a network that is told something is told. */
    NDArray conditionVector() {
      return condition.singletonOrThrow();
    }
  }
}
