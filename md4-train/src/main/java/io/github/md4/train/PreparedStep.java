// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.diffusion.MaskedBatch;
import io.github.md4.core.network.TrainableNetwork;
import java.util.List;

/**
 * The batch of a step, made ready on the host for one learner.
 *
 * @param index which of the run's batches it is, from 0
 * @param sample its first micro-batch as it was: if the device has no room for it, for a part of it
 */
public record PreparedStep(long index, List<Part> parts, MaskedBatch sample) {

  /**
   * A micro-batch.
   *
   * @param targets clean tokens at the asked rows
   * @param weights what each row's cross-entropy counts in the loss
   */
  record Part(TrainableNetwork.Prepared input, int[] targets, float[] weights) {}
}
