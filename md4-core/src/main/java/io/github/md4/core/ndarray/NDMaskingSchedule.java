// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.ndarray;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import io.github.md4.core.internal.cuda.OwnedArrays;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * The functions of a {@link MaskingSchedule} over NDArrays of times.
 *
 * <p>Results have the shape and type of the times, and are computed in float64: {@code 1 - alpha}
 * of float32 times does not cancel. All are differentiable in {@code t}. Formulas are those of
 * {@link MaskingSchedule} (MD4, Section 2 and Table 4; spec, Section 1.2); what {@link NDSchedule}
 * says of times and ownership holds for all methods.
 *
 * @param schedule the schedule that all tokens share, on the host; not null
 */
public record NDMaskingSchedule(MaskingSchedule schedule) implements NDSchedule {

  /**
   * Checks that there is a schedule.
   *
   * @param schedule the schedule that all tokens share, on the host; not null
   * @throws NullPointerException if there is none
   */
  public NDMaskingSchedule {
    Objects.requireNonNull(schedule, "schedule");
  }

  /**
   * {@return the probability that a token is unmasked at each time}
   *
   * @param t times in [0, 1], float32 or float64 [B]
   * @throws IllegalArgumentException if {@code t} is not float32 or float64
   */
  public NDArray alpha(NDArray t) {
    return Scopes.wide(this::wideAlpha, t);
  }

  /**
   * {@return the probability that a token is masked at each time, without cancellation}
   *
   * @param t times in [0, 1], float32 or float64 [B]
   * @throws IllegalArgumentException if {@code t} is not float32 or float64
   */
  public NDArray oneMinusAlpha(NDArray t) {
    return Scopes.wide(this::wideOneMinusAlpha, t);
  }

  /**
   * {@return the derivative of {@link #alpha(NDArray)}; minus infinity where the curve's is}
   *
   * @param t times in [0, 1], float32 or float64 [B]
   * @throws IllegalArgumentException if {@code t} is not float32 or float64
   */
  public NDArray alphaPrime(NDArray t) {
    return Scopes.wide(this::wideAlphaPrime, t);
  }

  /**
   * {@return {@code ln(alpha / (1 - alpha))} at each time}
   *
   * @param t times in [0, 1], float32 or float64 [B]
   * @throws IllegalArgumentException if {@code t} is not float32 or float64
   */
  public NDArray logSnr(NDArray t) {
    return Scopes.wide(wide -> wideAlpha(wide).log().sub(wideOneMinusAlpha(wide).log()), t);
  }

  /**
   * {@return the weight {@link MaskingSchedule#lossWeight} of continuous time; at most zero}
   *
   * @param t times in [0, 1], float32 or float64 [B]
   * @throws IllegalArgumentException if {@code t} is not float32 or float64
   */
  public NDArray lossWeight(NDArray t) {
    return Scopes.wide(this::wideLossWeight, t);
  }

  /**
   * {@return the weight of the masked log-likelihood on a time axis; at most zero}
   *
   * @param axis continuous time, or a number of steps
   * @param t times of the axis, as {@link TimeAxis#snap} returns them, float32 or float64 [B]
   * @throws IllegalArgumentException if {@code t} is not float32 or float64
   */
  public NDArray lossWeight(TimeAxis axis, NDArray t) {
    UnaryOperator<NDArray> weight =
        axis.match(() -> this::wideLossWeight, steps -> wide -> wideLossWeight(steps, wide));
    return Scopes.wide(weight, t);
  }

  /**
   * {@return {@code (alpha_s - alpha_t) / (1 - alpha_t)} for each pair of times}
   *
   * @param s earlier times, each in [0, its {@code t}], float32 or float64 [B]; its type is the
   *     result's
   * @param t times in [0, 1], float32 or float64 [B]
   * @throws IllegalArgumentException if {@code s} or {@code t} is not float32 or float64
   */
  public NDArray unmaskProbability(NDArray s, NDArray t) {
    Scopes.checkReal("s", s);
    Scopes.checkReal("t", t);
    return Scopes.free(
        () -> Scopes.to(wideUnmask(Scopes.wide(s), Scopes.wide(t)), s.getDataType()), s, t);
  }

  @Override
  public NDArray alpha(NDArray t, NDArray x) {
    return Scopes.free(() -> alpha(t).expandDims(1), t);
  }

  @Override
  public NDArray unmaskProbabilities(NDArray s, NDArray t) {
    return Scopes.free(() -> unmaskProbability(s, t).expandDims(1), s, t);
  }

  private NDCurve curve() {
    return NDCurve.of(schedule.curve());
  }

  private NDArray wideAlpha(NDArray t) {
    return squeeze(curve().alpha(t));
  }

  private NDArray wideOneMinusAlpha(NDArray t) {
    return squeeze(curve().oneMinusAlpha(t));
  }

  private NDArray wideAlphaPrime(NDArray t) {
    return OwnedArrays.times(curve().alphaPrime(t), schedule.scale());
  }

  private NDArray squeeze(NDArray raw) {
    return OwnedArrays.times(raw, schedule.scale()).add(schedule.epsilon());
  }

  private NDArray wideLossWeight(NDArray t) {
    NDArray masked = wideOneMinusAlpha(t);
    NDArray never = t.zerosLike().sub(Double.POSITIVE_INFINITY);
    return NDArrays.where(masked.eq(0), never, wideAlphaPrime(t).div(masked));
  }

  private NDArray wideLossWeight(int steps, NDArray t) {
    NDArray s = OwnedArrays.atLeast(t.sub(1.0 / steps), 0.0); // rounding could make it negative
    return OwnedArrays.times(wideUnmask(s, t), -steps);
  }

  private NDArray wideUnmask(NDArray s, NDArray t) {
    NDArray revealed = OwnedArrays.times(rawDrop(s, t), schedule.scale());
    NDArray none = revealed.zerosLike();
    return NDArrays.where(revealed.eq(0), none, revealed.div(wideOneMinusAlpha(t)));
  }

  /** Returns the difference of raw alphas from the pair of values that cancels less. */
  private NDArray rawDrop(NDArray s, NDArray t) {
    NDCurve curve = curve();
    NDArray raw = curve.alpha(t);
    NDArray ofAlpha = curve.alpha(s).sub(raw);
    NDArray ofMasked = curve.oneMinusAlpha(t).sub(curve.oneMinusAlpha(s));
    return NDArrays.where(raw.lt(0.5), ofAlpha, ofMasked);
  }
}
