// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.OwnedArrays;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.TransformerKernels;
import io.github.md4.core.network.DropoutNoise;

/** The mask of Dropout1d on a layer's two branches. */
sealed interface DropoutMask {

  /** Returns the factors of both branches at every position, [B, 2, 1, D] or broadcast to it. */
  Hidden at(NDManager scope, int layer);

  /** Returns the factors of both branches at the chosen rows, [R, 2, D] or broadcast to it. */
  Hidden atRows(NDManager scope, int layer, NDArray rows, Hidden h);

  /** Returns the mask of a training pass. */
  static DropoutMask of(
      NDManager scope,
      TransformerKernels kernels,
      TransformerConfig config,
      DropoutNoise noise,
      int batchSize) {
    if (config.dropout() == 0) {
      return new None(kernels);
    }
    byte[] values = ChannelMask.of(config, noise, batchSize).values();
    Shape shape = new Shape(batchSize, config.layers(), ChannelMask.BRANCHES, 1, config.width());
    return new Channels(kernels, OwnedArrays.bytes(scope, values, shape));
  }

  /** No dropout. */
  record None(TransformerKernels kernels) implements DropoutMask {
    @Override
    public Hidden at(NDManager scope, int layer) {
      return kernels.noDropout(scope, 4);
    }

    @Override
    public Hidden atRows(NDManager scope, int layer, NDArray rows, Hidden h) {
      return kernels.noDropout(scope, 3);
    }
  }

  /** A mask of channels drawn for each example, uint8 [B, layers, 2, 1, D]. */
  record Channels(TransformerKernels kernels, NDArray mask) implements DropoutMask {
    @Override
    public Hidden at(NDManager scope, int layer) {
      try (NDArray ofLayer = mask.get(new NDIndex(":, {}", layer))) {
        return kernels.dropoutMask(scope, ofLayer);
      }
    }

    @Override
    public Hidden atRows(NDManager scope, int layer, NDArray rows, Hidden h) {
      try (Hidden ofExamples = at(scope, layer)) {
        return kernels.modulationOfRows(scope, ofExamples, rows, h);
      }
    }
  }
}
