// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.ndarray;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.OwnedArrays;
import io.github.md4.core.schedule.GenMd4Schedule;

/**
 * The functions of a {@link GenMd4Schedule} over NDArrays of times and tokens, differentiable in
 * the times and in the powers (GenMD4: MD4, Section 6; spec, Section 3.1).
 *
 * <p>{@code alpha(t, v) = 1 - (1 - epsilon) t^powers[v]}. The values of powers and times are not
 * checked, which would wait for the device. What {@link NDSchedule} says of types and ownership
 * holds for all methods.
 *
 * @param powers one for each token, float32 or float64 [V], above zero; closed by the caller
 * @param epsilon the squeeze, in [0, 0.5)
 */
public record NDGenMd4Schedule(NDArray powers, double epsilon) implements NDSchedule {

  /**
   * Checks type and shape of the powers, and epsilon.
   *
   * @param powers one for each token, float32 or float64 [V], above zero; closed by the caller
   * @param epsilon the squeeze, in [0, 0.5)
   * @throws IllegalArgumentException if {@code powers} are not float32 or float64 [V], or {@code
   *     epsilon} is outside [0, 0.5)
   */
  public NDGenMd4Schedule {
    Scopes.checkReal("powers", powers);
    require(
        powers.getShape().dimension() == 1, "powers must have the shape (V)", powers.getShape());
    require(epsilon >= 0 && epsilon < 0.5, "epsilon must be in [0, 0.5)", epsilon);
  }

  /**
   * {@return the schedule with its powers in float64, owned by the manager}
   *
   * @param schedule the schedule on the host, of V tokens
   * @param manager the owner of the powers, float64 [V]; its device is that of all results
   */
  public static NDGenMd4Schedule of(GenMd4Schedule schedule, NDManager manager) {
    double[] powers = schedule.powers();
    return new NDGenMd4Schedule(
        OwnedArrays.doubles(manager, powers, new Shape(powers.length)), schedule.epsilon());
  }

  @Override
  public NDArray alpha(NDArray t, NDArray x) {
    return at(t, x, (wide, w) -> Scopes.expm1(logMasked(wide, w)).neg());
  }

  /**
   * {@return the probability that each token is masked, [B, N], of the type of {@code t}}
   *
   * @param t times in [0, 1], float32 or float64 [B]
   * @param x tokens in [0, V), int64 [B, N]
   * @throws IllegalArgumentException if {@code t} is not float32 or float64, or not [B]
   */
  public NDArray oneMinusAlpha(NDArray t, NDArray x) {
    return at(t, x, (wide, w) -> logMasked(wide, w).exp());
  }

  /**
   * {@return the derivative of {@link #alpha} by {@code t}, [B, N], of the type of {@code t}}
   *
   * @param t times in [0, 1], float32 or float64 [B]
   * @param x tokens in [0, V), int64 [B, N]
   * @throws IllegalArgumentException if {@code t} is not float32 or float64, or not [B]
   */
  public NDArray alphaPrime(NDArray t, NDArray x) {
    return at(t, x, (wide, w) -> OwnedArrays.times(wide.pow(w.sub(1)).mul(w), epsilon - 1));
  }

  /**
   * {@return {@code ln(alpha / (1 - alpha))} of each token, [B, N], of the type of {@code t}: the
   * negative of {@link GenMd4Schedule#maskLogOdds}}
   *
   * @param t times in [0, 1], float32 or float64 [B]
   * @param x tokens in [0, V), int64 [B, N]
   * @throws IllegalArgumentException if {@code t} is not float32 or float64, or not [B]
   */
  public NDArray logSnr(NDArray t, NDArray x) {
    return at(
        t,
        x,
        (wide, w) -> {
          NDArray logMasked = logMasked(wide, w);
          return Scopes.expm1(logMasked).neg().log().sub(logMasked);
        });
  }

  /**
   * {@return the weight {@code -power / t} of each token, [B, N], of the type of {@code t}}
   *
   * @param t times in [0, 1], float32 or float64 [B]
   * @param x tokens in [0, V), int64 [B, N]
   * @throws IllegalArgumentException if {@code t} is not float32 or float64, or not [B]
   */
  public NDArray lossWeight(NDArray t, NDArray x) {
    return at(t, x, (wide, w) -> w.div(wide).neg());
  }

  @Override
  public NDArray unmaskProbabilities(NDArray s, NDArray t) {
    Scopes.checkReal("s", s);
    Scopes.checkReal("t", t);
    return Scopes.free(
        () -> {
          NDArray ratio = Scopes.wide(s).div(Scopes.wide(t)).expandDims(1); // [B, 1]
          NDArray exponent = ratio.log().mul(Scopes.wide(powers).expandDims(0)); // [B, V]
          return Scopes.to(Scopes.expm1(exponent).neg(), s.getDataType());
        },
        s,
        t);
  }

  /** Returns {@code ln(1 - alpha)} from times [B, 1] and powers [B, N]. */
  private NDArray logMasked(NDArray t, NDArray w) {
    return t.log().mul(w).add(Math.log1p(-epsilon));
  }

  /** A function of times, float64 [B, 1], and powers, float64 [B, N]. */
  @FunctionalInterface
  private interface OfTimesAndPowers {
    NDArray of(NDArray t, NDArray w);
  }

  private NDArray at(NDArray t, NDArray x, OfTimesAndPowers function) {
    Scopes.checkReal("t", t);
    Scopes.checkShape("t", t, x.getShape().get(0));
    return Scopes.free(
        () -> {
          NDArray w = Scopes.wide(powers).take(x); // [B, N]
          return Scopes.to(function.of(Scopes.wide(t).expandDims(1), w), t.getDataType());
        },
        t,
        x);
  }
}
