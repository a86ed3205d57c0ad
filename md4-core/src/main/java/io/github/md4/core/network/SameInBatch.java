// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.diffusion.Denoiser;
import java.util.OptionalInt;

/**
 * A network whose logits of a sequence are the same to the last bit whatever other sequences are in
 * the call, as long as the calling thread computes alone.
 *
 * @hidden for the threads of a model
 */
public interface SameInBatch {

  /** {@return the width of the network; empty where this does not hold for it} */
  OptionalInt widthIfSame();

  /**
   * {@return the width of a network of this kind; empty for others}
   *
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   */
  static OptionalInt widthOf(Denoiser denoiser) {
    return denoiser instanceof SameInBatch same ? same.widthIfSame() : OptionalInt.empty();
  }
}
