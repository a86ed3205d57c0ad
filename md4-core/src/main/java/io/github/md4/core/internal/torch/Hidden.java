// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * An activation in the network's own precision, on its way from one kernel to the next.
 *
 * <p>Opaque, because DJL ends the process when asked for the type of a bfloat16 array. It belongs
 * to the scope of the call that made it.
 */
public final class Hidden implements AutoCloseable {
  public final NDArray array;
  private final boolean isKept;

  public Hidden(NDArray array) {
    this(array, false);
  }

  private Hidden(NDArray array, boolean isKept) {
    this.array = array;
    this.isKept = isKept;
  }

  /** Returns an activation that stays with whoever has it now, whatever its users do. */
  public static Hidden kept(NDArray array) {
    return new Hidden(array, true);
  }

  /** Hands this over to another scope. */
  public void attach(NDManager scope) {
    if (!isKept) {
      array.attach(scope);
    }
  }

  @Override
  public void close() {
    if (!isKept) {
      array.close();
    }
  }
}
