// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.FusedConditionKernels.Modulation;
import io.github.md4.core.internal.transformer.FusedInferenceKernels;
import io.github.md4.core.internal.transformer.FusedInferenceKernels.Ending;
import io.github.md4.core.internal.transformer.FusedInferenceKernels.Joined;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.FusedKernels.BranchNorm;
import io.github.md4.core.internal.transformer.FusedKernels.Modulated;
import io.github.md4.core.network.transformer.FusedLayer.Positions;
import java.util.Optional;

/**
 * The forward pass of one block with frozen weights, as {@link FusedLayer} has it. Nothing is kept
 * for a backward, so that the products which end a branch can be one with the norms behind them.
 */
final class FrozenLayer {
  private final FusedKernels kernels;
  private final FusedInferenceKernels inference;
  private final FusedWeights weights;
  private final String name;
  private final Modulation modulation;
  private final Positions positions;

  FrozenLayer(
      FusedKernels kernels,
      FusedInferenceKernels inference,
      FusedWeights weights,
      int layer,
      Modulation modulation,
      Positions positions) {
    this.kernels = kernels;
    this.inference = inference;
    this.weights = weights;
    this.name = "layers." + layer + ".";
    this.modulation = modulation;
    this.positions = positions;
  }

  /**
   * What a block leaves to the next one, or to the head: the stream, and the branch that is not
   * added to it yet; there is none before the first block.
   */
  record Left(Hidden stream, Optional<Ending> branch) {

    /** Returns the stream with the branch, and its modulated norm. */
    Joined join(
        NDManager scope, FusedKernels kernels, FusedInferenceKernels inference, BranchNorm norm) {
      return branch
          .map(ending -> inference.join(scope, stream, ending, norm))
          .orElseGet(
              () -> {
                Modulated first =
                    kernels.residualNormModulate(scope, stream, Optional.empty(), norm);
                return new Joined(first.stream(), first.input());
              });
    }
  }

  Left forward(NDManager scope, Left before) {
    Joined attentionIn =
        before.join(
            scope,
            kernels,
            inference,
            new BranchNorm(positions.all(), modulation, FusedLayer.ATTENTION_SHIFT));
    Hidden attended =
        AttendedRows.of(
                scope, kernels, positions, attentionIn.input(), weight(FusedLayer.PROJECTIONS))
            .output();
    Joined feedForwardIn =
        inference.join(
            scope,
            attentionIn.stream(),
            ending(attended, FusedLayer.ATTENTION_OUT, FusedLayer.ATTENTION_GATE),
            new BranchNorm(positions.rows(), modulation, FusedLayer.FEED_FORWARD_SHIFT));
    Hidden gated =
        kernels
            .gatedProduct(scope, feedForwardIn.input(), weight(FusedLayer.FEED_FORWARD_IN))
            .output();
    return new Left(
        feedForwardIn.stream(),
        Optional.of(ending(gated, FusedLayer.FEED_FORWARD_OUT, FusedLayer.FEED_FORWARD_GATE)));
  }

  private Ending ending(Hidden x, String weight, int gate) {
    return new Ending(x, weight(weight), modulation, gate);
  }

  private Hidden weight(String ofBlock) {
    return weights.copy(name + ofBlock);
  }
}
