// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.kernel.FusedKernels.HostBatch;

/** All that the hand-written pass uploads in training, made ready on the host. */
record FusedInput(HostBatch batch, FusedCondition.Told told, ChannelMask mask) {

  static FusedInput of(
      TransformerConfig config, int vocabularySize, NetworkInput input, DropoutNoise noise) {
    int batchSize = input.batchSize();
    return new FusedInput(
        HostBatch.of(input.flat(), input.rows(), batchSize, vocabularySize + 1),
        FusedCondition.Told.of(config, input.condition()),
        ChannelMask.of(config, noise, batchSize));
  }

  /** Returns the bytes that go to the device besides the batch. */
  long moreBytes() {
    return told.bytes() + mask.values().length;
  }
}
