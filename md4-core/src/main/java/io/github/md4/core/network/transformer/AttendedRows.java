// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.ChosenAttentionKernels;
import io.github.md4.core.internal.transformer.FusedAttentionKernels;
import io.github.md4.core.internal.transformer.FusedAttentionKernels.Attended;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.network.transformer.FusedLayer.Positions;

/**
 * The attention of a block, from its modulated input x [N, D] to the rows that the block goes on
 * with, and what its backward reads.
 */
sealed interface AttendedRows {

  /**
   * The weight of the projections to queries, keys and values, [(H + 2 K) W, D], and the array for
   * the gradient by it.
   */
  record Weight(Hidden value, Hidden gradient) {}

  /** Returns the output at the computed rows, [rows, H W]. */
  Hidden output();

  /**
   * Writes the gradient by the weight; returns that by x.
   *
   * @param gradient by the output
   */
  Hidden backward(NDManager scope, Hidden gradient, Hidden x, Weight weight);

  /** Computes the attention: of the computed rows alone where the kernels can. */
  static AttendedRows of(
      NDManager scope, FusedKernels kernels, Positions positions, Hidden x, Hidden w) {
    return kernels
        .attention()
        .ofChosen(positions.rows())
        .<AttendedRows>map(chosen -> OfChosen.of(scope, chosen, positions, x, w))
        .orElseGet(() -> OfAll.of(scope, kernels, positions, x, w));
  }

  /**
   * Attention of all rows.
   *
   * @param qkv rotated queries and keys, and values
   */
  record OfAll(
      FusedKernels kernels, Positions positions, Hidden qkv, Attended attended, Hidden output)
      implements AttendedRows {

    static OfAll of(
        NDManager scope, FusedKernels kernels, Positions positions, Hidden x, Hidden w) {
      FusedAttentionKernels attention = kernels.attention();
      Hidden qkv = attention.project(scope, x, w, positions.rotary(), positions.all());
      Attended attended = attention.attend(scope, qkv, positions.all(), positions.seed());
      Hidden output =
          positions.isChosen()
              ? kernels.rowsOf(scope, attended.output(), positions.rows())
              : attended.output();
      return new OfAll(kernels, positions, qkv, attended, output);
    }

    @Override
    public Hidden backward(NDManager scope, Hidden gradient, Hidden x, Weight weight) {
      Hidden everywhere =
          positions.isChosen() ? kernels.scattered(scope, gradient, positions.rows()) : gradient;
      Hidden dqkv =
          kernels.attention().attendBackward(scope, everywhere, qkv, attended, positions.rotary());
      kernels.weightGradient(scope, dqkv, x, weight.gradient);
      return kernels.inputGradient(scope, dqkv, weight.value);
    }
  }

  /** Attention of chosen rows. */
  record OfChosen(
      ChosenAttentionKernels kernels,
      Positions positions,
      ChosenAttentionKernels.Projected projected,
      Attended attended)
      implements AttendedRows {

    static OfChosen of(
        NDManager scope, ChosenAttentionKernels kernels, Positions positions, Hidden x, Hidden w) {
      ChosenAttentionKernels.Projected projected =
          kernels.project(scope, x, w, positions.rotary(), positions.rows());
      Attended attended = kernels.attend(scope, projected, positions.rows(), positions.seed());
      return new OfChosen(kernels, positions, projected, attended);
    }

    @Override
    public Hidden output() {
      return attended.output();
    }

    @Override
    public Hidden backward(NDManager scope, Hidden gradient, Hidden x, Weight weight) {
      ChosenAttentionKernels.Gradients gradients =
          kernels.attendBackward(
              scope, gradient, projected, attended, positions.rotary(), positions.rows());
      kernels.weightGradient(scope, gradients, projected, x, weight.gradient);
      return kernels.inputGradient(scope, gradients, weight.value, positions.rows());
    }
  }
}
