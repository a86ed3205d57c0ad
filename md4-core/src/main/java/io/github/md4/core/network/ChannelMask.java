// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.kernel.FusedKernels;
import java.util.Optional;

/** Dropout1d's mask of all layers, uint8 [B, layers, 2, D]. */
record ChannelMask(TransformerConfig config, DropoutNoise noise) {
  static final int BRANCHES = 2;

  /** Returns the most bytes that it takes; 0 where nothing is dropped. */
  long bytes(int batchSize) {
    return config.dropout() == 0 ? 0 : shape(batchSize).size();
  }

  /** Returns the mask on the device, nothing where nothing is dropped. */
  Optional<NDArray> upload(NDManager scope, FusedKernels kernels, int batchSize) {
    return config.dropout() == 0
        ? Optional.empty()
        : Optional.of(kernels.bytes(scope, draw(batchSize), shape(batchSize)));
  }

  byte[] draw(int batchSize) {
    int channels = Math.toIntExact(shape(1).size());
    return noise.keep(batchSize, channels, config.dropout());
  }

  private Shape shape(int batchSize) {
    return new Shape(batchSize, config.layers(), BRANCHES, config.width());
  }
}
