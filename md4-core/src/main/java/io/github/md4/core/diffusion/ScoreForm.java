// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.MaskingSchedule;

/**
 * The form in which a network's logits f tell the scores of a masked position: with {@code r =
 * alpha / (1 - alpha)}, the score of token j is {@code s_j = r mu_j}, where mu is the softmax of f
 * or is {@code exp(f_j + c)}, which need not add up to 1 (SEDD; Lou et al., 2024).
 */
public interface ScoreForm {

  /** {@return whether mu is the softmax, so that the scores add up to r} */
  boolean isNormalised();

  /**
   * {@return c at a time; 0 where mu is the softmax}
   *
   * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
   * @param schedule the schedule that all tokens share
   * @param t a time, in [0, 1]
   */
  double shift(TokenSpace space, MaskingSchedule schedule, double t);

  /** The softmax: the network's logits are those of the clean token. */
  record Softmax() implements ScoreForm {
    @Override
    public boolean isNormalised() {
      return true;
    }

    @Override
    public double shift(TokenSpace space, MaskingSchedule schedule, double t) {
      return 0;
    }
  }
}
