// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/** Attention by libtorch, on any device; the engine draws its dropout. */
final class LibtorchAttention implements AttentionKernels {
  private final FusedKernels kernels;
  private final double dropout;

  LibtorchAttention(FusedKernels kernels, double dropout) {
    this.kernels = kernels;
    this.dropout = dropout;
  }

  @Override
  public NDList attend(NDManager scope, NDArray qkv, int length, int seed) {
    if (dropout > 0) {
      scope.getEngine().setRandomSeed(seed);
    }
    return kernels.run(scope, "attend", qkv, length);
  }

  @Override
  public NDArray attendBackward(
      NDManager scope, NDArray gradient, NDArray qkv, NDList forward, NDList rotary, int seed) {
    int length = (int) rotary.get(0).getShape().get(0);
    NDList saved = new NDList(forward.subList(1, forward.size()));
    NDArray output = forward.get(0);
    try (NDList parts =
        kernels.run(scope, "attendBackward", gradient, qkv, output, saved, length)) {
      return kernels.pointwise().rotateBackward(scope, parts, rotary, length);
    }
  }

  @Override
  public void close() {}
}
