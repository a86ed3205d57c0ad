// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.loss.AskedLoss;
import java.util.Optional;

/**
 * A network that guesses what is under the masks, {@code mu_theta} of MD4's Section 3: the seam
 * between the mathematics of masks and everything that has weights.
 *
 * <p>An implementation of a user's own is the one method {@link #logits}. The samplers of this
 * library call it from one thread at a time; whether more may is for the implementation to say.
 */
@FunctionalInterface
public interface Denoiser {

  /**
   * Returns the unnormalised log-probabilities of the clean token at the chosen positions.
   *
   * @param zt partly masked tokens, int64 [B, N], in [0, V]
   * @param condition the time and class of each example, as far as the network takes them
   * @param rows flat positions in [0, B N), int64 [R], R at least 1; what no asked row needs is not
   *     computed
   * @return float32 [R, V], attached to the manager of {@code zt}
   */
  NDArray logits(NDArray zt, Condition condition, NDArray rows);

  /**
   * Returns the losses of the chosen positions. A network whose kernels can computes them without
   * the logits in float32.
   *
   * @param zt partly masked tokens, int64 [B, N], in [0, V]
   * @param condition the time and class of each example, as far as the network takes them
   * @param rows flat positions in [0, B N), int64 [R], R at least 1
   * @param asked the loss, and what it is told of the R rows
   * @return nats, float32 [R], attached to the manager of {@code zt}
   */
  default NDArray losses(NDArray zt, Condition condition, NDArray rows, AskedLoss asked) {
    return asked.of(logits(zt, condition, rows));
  }

  /**
   * {@return this network as one that is shown sequences piece by piece, if it is causal and can
   * keep what it has seen; closed by the caller}
   *
   * @param parent the owner of the arrays; its device is that of the network
   * @param slots the number of sequences that it keeps at once, at least 1
   * @param length the most tokens of a sequence, at least 1
   */
  default Optional<Decoder> decoder(NDManager parent, int slots, int length) {
    return Optional.empty();
  }

  /**
   * {@return this network as one that keeps the clean blocks of a sequence, if it unmasks block by
   * block; closed by the caller}
   *
   * @param parent the owner of what is kept; its device is that of the network
   */
  default Optional<BlockDecoder> blockDecoder(NDManager parent) {
    return Optional.empty();
  }

  /** {@return this network as one that takes several lengths in one call, if it can} */
  default Optional<MixedLengths> mixedLengths() {
    return Optional.empty();
  }

  /** {@return the element type of its residual stream; float32 where there is no choice of it} */
  default Precision residual() {
    return Precision.FLOAT32;
  }

  /**
   * {@return this network with the logit of the mask too, where the mask is one of the rows of a
   * published table, as the samplers of its authors read it; else this}
   */
  default Denoiser withMaskColumn() {
    return this;
  }
}
