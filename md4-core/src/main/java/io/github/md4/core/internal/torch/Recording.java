// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/**
 * A recording of a network's forward pass, which decides how much of it is kept for the backward
 * pass.
 */
public interface Recording {

  /** A segment of a network: from the residual stream before it to the one after it. */
  @FunctionalInterface
  interface Segment {
    /**
     * Computes the segment, with the same result each time.
     *
     * @param scope takes intermediate arrays
     * @param h is not changed
     */
    Hidden of(NDManager scope, Hidden h);
  }

  /** Returns {@code x}, computed before the first segment, as every segment must read it. */
  default NDArray shared(NDArray x) {
    return x;
  }

  /** Returns the residual stream as the first segment must read it. */
  default Hidden start(Hidden h) {
    return h;
  }

  /**
   * Returns the stream after a segment.
   *
   * @param outer takes the result
   * @param h the stream before it, which nothing else reads any more
   */
  default Hidden segment(NDManager outer, Hidden h, Segment segment) {
    try (h) {
      return inside(outer, h, segment);
    }
  }

  /** Computes a segment and frees its intermediate arrays. */
  static Hidden inside(NDManager outer, Hidden h, Segment segment) {
    try (NDManager scope = outer.newSubManager()) {
      Hidden next = segment.of(scope, h);
      next.attach(outer);
      return next;
    }
  }

  /** No recording: there is no backward pass. */
  record None() implements Recording {}

  /** A recording with a backward pass. */
  interface Tape extends Recording {
    /**
     * Writes the gradients by {@code parameters}, given the gradient by {@code output}, which was
     * computed last. Can be called once.
     *
     * @param into shaped as the parameters
     */
    void gradients(NDArray output, NDArray gradient, NDList parameters, FlatArrays into);
  }

  /** A recording of the complete forward pass. */
  record Full(Autograd autograd) implements Tape {
    @Override
    public void gradients(NDArray output, NDArray gradient, NDList parameters, FlatArrays into) {
      autograd.gradients(output, gradient, parameters, into);
    }
  }
}
