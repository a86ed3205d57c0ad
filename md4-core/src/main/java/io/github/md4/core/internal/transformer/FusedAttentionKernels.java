// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;

/** The kernels of attention, forward and backward. Shapes as in {@link FusedKernels}. */
public final class FusedAttentionKernels {
  private final FusedKernels kernels;

  FusedAttentionKernels(FusedKernels kernels) {
    this.kernels = kernels;
  }

  /** The output of attention, [N, H W], with the arrays that its backward needs. */
  public static final class Attended {
    private final NDArray output;
    private final NDList saved;

    private Attended(NDList made) {
      output = made.get(0);
      saved = new NDList(made.subList(1, made.size()));
    }

    /** Returns the output [N, H W]. */
    public Hidden output() {
      return new Hidden(output);
    }
  }

  /** Rotates queries and keys in place, and attends; qkv [N, (H + 2 K) W]. */
  public Attended attend(NDManager scope, Hidden qkv, NDList rotary, Rows all) {
    kernels.pointwise().rotate(qkv.array, rotary, all.length());
    return new Attended(kernels.run(scope, "attend", qkv.array, all.length()));
  }

  /** Returns the gradient by queries, keys and values before the rotation. */
  public Hidden attendBackward(
      NDManager scope, Hidden gradient, Hidden qkv, Attended forward, NDList rotary) {
    int length = (int) rotary.get(0).getShape().get(0);
    NDList parts =
        kernels.run(
            scope,
            "attendBackward",
            gradient.array,
            qkv.array,
            forward.output,
            forward.saved,
            length);
    NDArray dqkv = kernels.pointwise().rotateBackward(scope, parts, rotary, length);
    parts.close();
    return new Hidden(dqkv);
  }
}
