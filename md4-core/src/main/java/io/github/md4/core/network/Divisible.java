// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.ComputeThreads;
import java.util.Optional;

/**
 * A network on a CPU whose calls can be divided among threads without a change of a bit: each
 * thread computes alone, as the calling one does.
 *
 * @hidden its types are internal
 */
public interface Divisible {

  /**
   * {@return this network, divided among threads where a call is large enough; closed with this}
   *
   * @param threads divide the work; closed by the caller, after the last call
   */
  Optional<Denoiser> dividedAmong(ComputeThreads threads);

  /**
   * {@return the network as one whose calls are divided among threads, if it can be}
   *
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   * @param threads divide the work; closed by the caller, after the last call
   */
  static Optional<Denoiser> divided(Denoiser denoiser, ComputeThreads threads) {
    return denoiser instanceof Divisible own ? own.dividedAmong(threads) : Optional.empty();
  }
}
