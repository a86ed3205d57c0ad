// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.FusedEmbeddingKernels;
import io.github.md4.core.internal.transformer.FusedEmbeddingKernels.Embedded;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.FusedUploads.Batch;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;

/** The embedding of the hand-written pass, forward and backward. */
final class FusedEmbedding implements FusedStart {
  private static final String TABLE = "embedding.weight";
  private static final String WEIGHT = "embedding.projection.weight";
  private static final String BIAS = "embedding.projection.bias";

  private final FusedEmbeddingKernels kernels;
  private final FusedWeights weights;
  private final boolean isOutside;
  private Embedded embedded;

  FusedEmbedding(FusedKernels kernels, FusedWeights weights, TransformerConfig config) {
    this.kernels = kernels.embedding();
    this.weights = weights;
    this.isOutside = config.embedding() == Embedding.OUTSIDE;
  }

  @Override
  public Hidden forward(NDManager scope, Batch batch) {
    embedded = kernels.embed(scope, batch, table(scope));
    return embedded.stream();
  }

  /**
   * Returns the table of the residual stream; an embedding and the product after it are combined
   * into one table of V + 1 rows.
   */
  private Hidden table(NDManager scope) {
    return isOutside
        ? kernels.outsideTable(
            scope, weights.exact(TABLE), weights.exact(WEIGHT), weights.exact(BIAS))
        : kernels.table(weights.exact(TABLE), weights.copy(TABLE));
  }

  @Override
  public void backward(NDManager scope, Hidden dh, Batch batch) {
    int tokens = (int) weights.exact(TABLE).getShape().get(0);
    NDArray gradient = kernels.embedBackward(scope, dh, embedded, batch, tokens);
    if (isOutside) {
      kernels.outsideTableBackward(
          scope, gradient, weights.exact(TABLE, WEIGHT), weights.gradients(TABLE, WEIGHT, BIAS));
    } else {
      kernels.write(scope, gradient, weights.gradient(TABLE));
    }
  }
}
