// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.diffusion.Condition;

/**
 * A batch of a network's inputs in training, on the host. Arrays are not copied, and not to be
 * changed.
 *
 * @param zt partly masked tokens, in [0, V], [B][N]
 * @param condition time and class of each example, if the network takes them
 * @param rows flat positions in [0, B N) of the logits, in ascending order; at least one, [R]
 */
public record NetworkInput(int[][] zt, Condition condition, int[] rows) {

  /** {@return B, the number of examples} */
  public int batchSize() {
    return zt.length;
  }

  /** {@return N, the tokens of each example} */
  public int length() {
    return zt[0].length;
  }

  /** {@return the tokens of all examples, one after another, [B N], new} */
  public int[] flat() {
    int[] flat = new int[batchSize() * length()];
    for (int b = 0; b < zt.length; b++) {
      System.arraycopy(zt[b], 0, flat, b * length(), length());
    }
    return flat;
  }
}
