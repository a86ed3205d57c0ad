// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.diffusion.MaskedBatch;
import io.github.md4.core.network.TrainableNetwork;
import java.util.List;
import java.util.function.Supplier;

/**
 * The batch of a step, made ready on the host for one learner as far as it can be known.
 *
 * @param index which of the run's batches it is, from 0
 * @param parts its micro-batches; one is asked for when the learner's schedule is that of the step
 */
public record PreparedStep(long index, List<Supplier<Part>> parts) {

  /** Returns the first examples, to be tried where the device has no room for a micro-batch. */
  MaskedBatch first(int examples) {
    return parts.get(0).get().question().batch().first(examples);
  }

  /** A micro-batch: what the network sees, and what it is asked. */
  record Part(TrainableNetwork.Prepared input, Task.Question question) {}
}
