// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.TorchScript;

/** Attention on a CPU in float32; the engine draws its dropout. */
final class CpuAttention implements AttentionKernels {
  /** The longest sequence whose probabilities are kept although libtorch could do without them. */
  private static final int SHORT = 64;

  private final TorchScript script;
  private final double dropout;

  CpuAttention(NDManager parent, FusedKernels.Options options) {
    this.script = CpuPointwiseKernels.script(parent, options.network(), options.dropout());
    this.dropout = options.dropout().attention();
  }

  @Override
  public NDList attend(NDManager scope, NDArray qkv, int length, int seed) {
    if (dropout > 0) {
      scope.getEngine().setRandomSeed(seed);
    }
    return script.run(scope, keeps(length) ? "attendPlainly" : "attendInTiles", qkv, length);
  }

  @Override
  public NDArray attendBackward(
      NDManager scope, NDArray gradient, NDArray qkv, NDList forward, NDList rotary, int seed) {
    int length = (int) rotary.get(0).getShape().get(0);
    NDList saved = new NDList(forward.subList(1, forward.size()));
    NDList made =
        keeps(length)
            ? script.run(scope, "attendPlainlyBackward", gradient, saved, length, rotary)
            : script.run(scope, "attendInTilesBackward", gradient, qkv, saved, length, rotary);
    return made.singletonOrThrow();
  }

  /** Returns whether the probabilities are kept for the backward. */
  private boolean keeps(int length) {
    return length <= SHORT || dropout > 0;
  }

  @Override
  public void close() {
    script.close();
  }
}
