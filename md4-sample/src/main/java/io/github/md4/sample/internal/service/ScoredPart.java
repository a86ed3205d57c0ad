// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.sample.internal.call.BatchedQuery;
import io.github.md4.sample.internal.call.CallPart;
import io.github.md4.sample.internal.call.ShownSequence;
import io.github.md4.sample.trajectory.Draws;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Masked copies of a text in a call, whose logits are turned into losses.
 *
 * @param job the text's request
 * @param copies consecutive ones
 * @param told what a request is told of a failure
 */
record ScoredPart(ScoreJob job, List<ScoreJob.Scored> copies, UnaryOperator<RuntimeException> told)
    implements CallPart {

  @Override
  public List<? extends ShownSequence> sequences() {
    return copies;
  }

  @Override
  public Optional<Drawing> drawing() {
    return Optional.empty();
  }

  @Override
  public void take(DrawKernels kernels, NDManager scope, NDArray logits, NDArray noise) {
    try {
      job.take(copies.get(0).firstRow(), logits);
    } catch (RuntimeException e) {
      job.end(told.apply(e));
    }
  }

  @Override
  public void take(Draws draws) {
    throw new IllegalStateException("nothing is drawn where a text is scored");
  }

  @Override
  public void drawBy(BatchedQuery query) {
    throw new IllegalStateException("nothing is drawn where a text is scored");
  }
}
