// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/** How much of a network's forward is kept for the way back; as a rule, all of it. */
public interface Recording {

  /** A stretch of a network: from the residual stream before it to the one after it. */
  @FunctionalInterface
  interface Piece {
    /**
     * Computes the piece, in the same way each time.
     *
     * @param scope takes what is needed in between
     * @param h stays as it is
     */
    Hidden of(NDManager scope, Hidden h);
  }

  /** Returns {@code x} as every piece must see what was computed before the first. */
  default NDArray shared(NDArray x) {
    return x;
  }

  /** Returns the residual stream as the first piece must see it. */
  default Hidden start(Hidden h) {
    return h;
  }

  /**
   * Returns the stream after a piece.
   *
   * @param outer takes the result
   * @param h the stream before it, of which nobody else has need any more
   */
  default Hidden piece(NDManager outer, Hidden h, Piece piece) {
    try (h) {
      return inside(outer, h, piece);
    }
  }

  /** Computes a piece, and gives up what only it needed. */
  static Hidden inside(NDManager outer, Hidden h, Piece piece) {
    try (NDManager scope = outer.newSubManager()) {
      Hidden next = piece.of(scope, h);
      next.attach(outer);
      return next;
    }
  }

  /** Nobody goes back. */
  record Nothing() implements Recording {}

  /** A recording that can be gone back through. */
  interface Tape extends Recording {
    /**
     * Writes the gradients by {@code parameters}, given that by {@code output}, which was computed
     * last; once.
     *
     * @param into shaped as the parameters
     */
    void gradients(NDArray output, NDArray gradient, NDList parameters, FlatArrays into);
  }

  /** All of it. */
  record Whole(Autograd autograd) implements Tape {
    @Override
    public void gradients(NDArray output, NDArray gradient, NDList parameters, FlatArrays into) {
      autograd.gradients(output, gradient, parameters, into);
    }
  }
}
