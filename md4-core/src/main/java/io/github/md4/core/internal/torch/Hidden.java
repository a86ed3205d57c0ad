// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.stream.Stream;

/**
 * A hidden state in the network's own precision, passed from one kernel to the next.
 *
 * <p>It is opaque, because DJL ends the process when asked for the type of a bfloat16 array. It
 * belongs to the scope of the call that made it.
 */
public final class Hidden implements AutoCloseable {
  public final NDArray array;
  private final boolean isBorrowed;

  public Hidden(NDArray array) {
    this(array, false);
  }

  private Hidden(NDArray array, boolean isBorrowed) {
    this.array = array;
    this.isBorrowed = isBorrowed;
  }

  /** Returns a hidden state that its users cannot close or attach to another scope. */
  public static Hidden borrowed(NDArray array) {
    return new Hidden(array, true);
  }

  /** Returns the arrays of hidden states. */
  public static List<NDArray> arrays(Hidden... states) {
    return Stream.of(states).map(state -> state.array).toList();
  }

  /** Attaches the array to another scope. */
  public void attach(NDManager scope) {
    if (!isBorrowed) {
      array.attach(scope);
    }
  }

  @Override
  public void close() {
    if (!isBorrowed) {
      array.close();
    }
  }
}
