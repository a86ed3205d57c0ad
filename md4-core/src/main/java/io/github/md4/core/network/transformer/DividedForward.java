// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.MixedLengths;
import io.github.md4.core.internal.transformer.DividedTransformer;
import java.util.List;
import java.util.Optional;

/**
 * A forward pass on a CPU that is divided among threads where it is large enough.
 *
 * @param whole the same on one thread; closed by its owner
 * @param leastWork the positions times the square of the width from which on a call is divided
 */
record DividedForward(ScriptForward whole, DividedTransformer divided, long leastWork)
    implements FrozenForward {
  /** From here on the threads' waits cost less than they save. */
  static final long LEAST_WORK = 1 << 22;

  /** With fewer rows the whole pass copies some, so that no product has fewer than four. */
  private static final int LEAST_ROWS = 4;

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    return isLarge(List.of(zt))
        ? logits(zt.getManager(), List.of(zt), condition, rows)
        : whole.logits(zt, condition, rows);
  }

  @Override
  public Optional<MixedLengths> mixedLengths() {
    return whole
        .mixedLengths()
        .map(
            mixed ->
                (zts, condition, rows) ->
                    isLarge(zts)
                        ? logits(rows.getManager(), zts, condition, rows)
                        : mixed.logits(zts, condition, rows));
  }

  private boolean isLarge(List<NDArray> zts) {
    long width = (long) whole.config().heads() * whole.config().headWidth();
    long rows = zts.stream().mapToLong(NDArray::size).sum();
    return rows >= LEAST_ROWS && rows * width * width >= leastWork;
  }

  private NDArray logits(NDManager owner, List<NDArray> zts, Condition condition, NDArray rows) {
    try (NDManager scope = owner.newSubManager()) {
      NDArray logits =
          divided.logits(scope, zts, whole.conditionInputs(scope, condition), rows, whole::rotary);
      logits.attach(owner);
      return logits;
    }
  }

  @Override
  public String description() {
    return whole.description();
  }

  @Override
  public void close() {}
}
