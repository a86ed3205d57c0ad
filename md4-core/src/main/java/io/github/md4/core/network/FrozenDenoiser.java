// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;

/**
 * A denoiser that keeps values derived from its weights, and frees them when closed. It is closed
 * before the weights.
 */
public interface FrozenDenoiser extends Denoiser, AutoCloseable {

  /** {@return a line that names the code that computes it} */
  String description();

  @Override
  void close();

  /**
   * A denoiser that keeps nothing.
   *
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   */
  record Plain(Denoiser denoiser) implements FrozenDenoiser {
    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      return denoiser.logits(zt, condition, rows);
    }

    @Override
    public String description() {
      return "TorchScript";
    }

    @Override
    public void close() {}
  }
}
