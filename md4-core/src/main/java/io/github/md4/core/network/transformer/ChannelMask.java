// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.network.DropoutNoise;
import java.util.Optional;

/**
 * Dropout1d's mask of all layers, uint8 [B, layers, 2, D]; without values if there is no dropout.
 */
record ChannelMask(byte[] values, Shape shape) {
  static final int BRANCHES = 2;

  /** Draws a mask. */
  static ChannelMask of(TransformerConfig config, DropoutNoise noise, int batchSize) {
    Shape shape = new Shape(batchSize, config.layers(), BRANCHES, config.width());
    int channels = Math.toIntExact(shape.size() / batchSize);
    byte[] values =
        config.dropout() == 0 ? new byte[0] : noise.mask(batchSize, channels, config.dropout());
    return new ChannelMask(values, shape);
  }

  /** Returns the mask on the device; empty without dropout. */
  Optional<NDArray> upload(NDManager scope, FusedKernels kernels) {
    return values.length == 0
        ? Optional.empty()
        : Optional.of(kernels.uploads().bytes(scope, values, shape));
  }
}
