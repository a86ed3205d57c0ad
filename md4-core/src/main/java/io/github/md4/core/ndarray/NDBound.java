// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.ndarray;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.internal.cuda.OwnedArrays;
import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import java.util.Objects;

/**
 * The diffusion term of the bound on the negative log-likelihood over NDArrays: a weighted
 * cross-entropy at the masked positions. Of an example x at a time t whose masked tokens are zt it
 * is {@code w(t) sum_n [zt_n is the mask] loss(logits_n, x_n)}, in nats, whose mean over uniform t
 * and over masks is the term itself (MD4, Section 3; spec, Section 2). With a curve's alpha in
 * continuous time {@code w(t) = -alpha'(t) / (1 - alpha(t))} and {@code loss = -log
 * softmax(logits)_x}.
 */
public sealed interface NDBound {

  /**
   * Returns a one-sample estimate of the diffusion term of each example, in nats; differentiable in
   * {@code logits}.
   *
   * @param logits unnormalised {@code log mu}, float32 or float64 [B, N, V]
   * @param x clean tokens, int64 [B, N], in [0, V)
   * @param zt the same partly masked, int64 [B, N], in [0, V]; V is the mask
   * @param t the time of each example, in (0, 1], float32 or float64 [B]; not checked
   * @return at least zero for MD4, [B], of the type of {@code logits}, attached to their manager;
   *     no argument is closed
   * @throws IllegalArgumentException if shapes do not fit, or {@code t} is not float32 or float64
   */
  default NDArray perExample(NDArray logits, NDArray x, NDArray zt, NDArray t) {
    long[] sizes = logits.getShape().getShape();
    require(sizes.length == 3, "logits must have the shape (B, N, V)", logits.getShape());
    Scopes.checkShape("x", x, sizes[0], sizes[1]);
    Scopes.checkShape("zt", zt, sizes[0], sizes[1]);
    Scopes.checkReal("t", t);
    Scopes.checkShape("t", t, sizes[0]);
    return Scopes.free(
        () -> {
          NDArray rows = logits.reshape(-1, sizes[2]); // [B N, V]
          NDArray losses = ofRows(rows, x.flatten()).reshape(sizes[0], sizes[1]); // [B, N]
          NDArray isMasked = zt.eq(sizes[2]).toType(losses.getDataType(), false); // [B, N]
          NDArray weights = Scopes.to(weight(t), losses.getDataType()); // [B]
          return losses.mul(isMasked).sum(new int[] {1}).mul(weights); // [B]
        },
        logits,
        x,
        zt,
        t);
  }

  /**
   * Returns the loss of every row before its weight, in nats.
   *
   * @param logits unnormalised log-probabilities at the asked rows, float32 or float64 [R, V]
   * @param targets clean tokens of the asked rows, in [0, V), int64 [R]
   * @return the loss of each row, nats, [R], of the type of {@code logits}
   */
  NDArray ofRows(NDArray logits, NDArray targets);

  /**
   * {@return the factor of the rows' losses at each time, at least zero, of the type of {@code t},
   * [B]}
   *
   * @param t times of the axis, in (0, 1], float32 or float64 [B]
   * @throws IllegalArgumentException if {@code t} is not float32 or float64
   */
  NDArray weight(NDArray t);

  /**
   * The bound where all tokens share a schedule (MD4, Section 3; spec, Section 2).
   *
   * @param schedule the schedule that all tokens share
   * @param axis continuous time, or a number of steps
   */
  record Md4(NDMaskingSchedule schedule, TimeAxis axis) implements NDBound {

    /**
     * Checks that both are there.
     *
     * @param schedule the schedule that all tokens share
     * @param axis continuous time, or a number of steps
     * @throws NullPointerException if one is null
     */
    public Md4 {
      Objects.requireNonNull(schedule, "schedule");
      Objects.requireNonNull(axis, "axis");
    }

    /**
     * The bound of continuous time.
     *
     * @param schedule the schedule that all tokens share
     */
    public Md4(MaskingSchedule schedule) {
      this(new NDMaskingSchedule(schedule), new TimeAxis.Continuous());
    }

    @Override
    public NDArray ofRows(NDArray logits, NDArray targets) {
      return new RowLoss.CrossEntropy().of(logits, targets);
    }

    @Override
    public NDArray weight(NDArray t) {
      return Scopes.free(() -> schedule.lossWeight(axis, t).neg(), t);
    }
  }

  /**
   * The bound where each token has a power of time (GenMD4, equation 12; spec, Section 3.2);
   * differentiable in the powers too, for fixed {@code zt}.
   *
   * @param schedule the schedule with a power for each token
   * @param floor where time begins: at the reference's floor, or exactly
   */
  record GenMd4(NDGenMd4Schedule schedule, TimeFloor floor) implements NDBound {

    /**
     * Checks that both are there.
     *
     * @param schedule the schedule with a power for each token
     * @param floor where time begins: at the reference's floor, or exactly
     * @throws NullPointerException if one is null
     */
    public GenMd4 {
      Objects.requireNonNull(schedule, "schedule");
      Objects.requireNonNull(floor, "floor");
    }

    @Override
    public NDArray ofRows(NDArray logits, NDArray targets) {
      NDArray w = Scopes.to(schedule.powers(), logits.getDataType());
      return RowLoss.PerToken.of(logits, targets, w);
    }

    @Override
    public NDArray weight(NDArray t) {
      return Scopes.wide(wide -> OwnedArrays.times(OwnedArrays.power(wide, -1), floor.factor()), t);
    }
  }
}
