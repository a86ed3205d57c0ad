// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import io.github.md4.core.internal.transformer.FusedUploads.HostBatch;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.NetworkInput;

/** The inputs of the hand-written pass in training, prepared on the host. */
record FusedInput(HostBatch batch, FusedCondition.HostCondition condition, ChannelMask mask) {

  static FusedInput of(
      TransformerConfig config, int vocabularySize, NetworkInput input, DropoutNoise noise) {
    int batchSize = input.batchSize();
    return new FusedInput(
        HostBatch.of(input.flat(), input.rows(), batchSize, vocabularySize + 1),
        FusedCondition.HostCondition.of(config, input.condition()),
        ChannelMask.of(config, noise, batchSize));
  }

  /** Returns the bytes of the uploads besides the batch. */
  long moreBytes() {
    return condition.bytes() + mask.values().length;
  }
}
