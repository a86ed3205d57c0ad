// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.update;

import io.github.md4.core.diffusion.QueryBatch;
import java.util.List;
import java.util.function.Supplier;

/**
 * The batch of a step, made ready on the host by a learner as far as it can be known. It is used
 * once, by the learner that made it.
 *
 * @param index its number among the run's batches, from 0
 * @param parts its micro-batches, at least one; each is asked for when the learner's schedule is
 *     that of the step
 */
public record PreparedStep(long index, List<Supplier<PreparedMicroBatch>> parts) {

  /**
   * {@return the first examples, to be tried where the device has no room for a micro-batch}
   *
   * @param examples the number of examples, at most those of the first micro-batch
   */
  public QueryBatch first(int examples) {
    return parts.get(0).get().queries().first(examples);
  }
}
