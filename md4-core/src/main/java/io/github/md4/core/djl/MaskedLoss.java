// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.djl;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.training.loss.Loss;
import io.github.md4.core.internal.cuda.OwnedArrays;
import io.github.md4.core.ndarray.NDBound;
import java.util.Objects;

/**
 * The diffusion term of a bound (MD4, Section 3) as a loss of DJL: nats per token, the mean over
 * the examples of a batch.
 *
 * <p>Labels are {@code x}, {@code zt} and {@code t} as {@link NDBound#perExample} takes them; the
 * prediction is one array, float logits [B, N, V]. {@link MaskedDataset} makes such batches.
 */
public final class MaskedLoss extends Loss {
  private final NDBound bound;

  /**
   * The loss of a bound.
   *
   * @param bound the bound whose value the loss estimates; not null
   */
  public MaskedLoss(NDBound bound) {
    super("MaskedLoss");
    this.bound = Objects.requireNonNull(bound, "bound");
  }

  /**
   * Returns the loss of a batch, differentiable in the logits.
   *
   * @param labels x, int64 [B, N] in [0, V), zt, int64 [B, N] in [0, V], and t, float32 or float64
   *     [B] in (0, 1]
   * @param predictions one array, logits, float32 or float64 [B, N, V]
   * @return nats per token, one element of the type of the logits, attached to their manager
   * @throws IllegalArgumentException if there are not three labels, or shapes do not fit
   */
  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    require(labels.size() == 3, "labels must be x, zt and t", labels.size());
    NDArray logits = predictions.singletonOrThrow(); // [B, N, V]
    NDArray nats = bound.perExample(logits, labels.get(0), labels.get(1), labels.get(2)); // [B]
    return OwnedArrays.over(nats.mean(), logits.getShape().get(1));
  }
}
