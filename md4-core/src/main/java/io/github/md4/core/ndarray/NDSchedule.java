// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.ndarray;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.md4.core.schedule.Schedule;

/**
 * The schedule of a model over NDArrays, with the masking and unmasking that follow from it: one
 * that all tokens share, or a power of time for each token.
 *
 * <p>Times are float32 or float64 [B] in [0, 1], one for each example. They are not checked, which
 * would wait for the device; for times outside [0, 1] results are undefined. All is computed in
 * float64. A result belongs to the manager of the method's first array, and everything else that
 * the method made is freed.
 */
public sealed interface NDSchedule permits NDMaskingSchedule, NDGenMd4Schedule {

  /**
   * Returns the probability that each token is unmasked, of the type of {@code t}; differentiable
   * in {@code t}.
   *
   * @param t times in [0, 1], one an example, float32 or float64 [B]
   * @param x clean tokens, int64 [B, N], in [0, V)
   * @return [B, N], or [B, 1] where all tokens share the schedule
   * @throws IllegalArgumentException if {@code t} is not float32 or float64
   */
  NDArray alpha(NDArray t, NDArray x);

  /**
   * Returns the probability that a token masked at {@code t} is unmasked at the earlier time {@code
   * s}, of the type of {@code s}.
   *
   * @param s earlier times, each in [0, its {@code t}], float32 or float64 [B]
   * @param t times in (0, 1], one an example, float32 or float64 [B]
   * @return [B, V], or [B, 1] where all tokens share the schedule
   * @throws IllegalArgumentException if {@code s} or {@code t} is not float32 or float64
   */
  NDArray unmaskProbabilities(NDArray s, NDArray t);

  /**
   * Returns a draw of {@code z_t} (MD4, Section 2; spec, Section 1.1): a token stays where {@code u
   * < alpha}, elsewhere is the mask.
   *
   * @param x clean tokens, int64 [B, N], in [0, V)
   * @param t times in [0, 1], one an example, float32 or float64 [B]
   * @param u uniforms in [0, 1), float32 or float64 [B, N]
   * @param maskToken the id that stands for a masked token, V
   * @return int64 [B, N], in [0, V], attached to the manager of {@code x}
   * @throws IllegalArgumentException if {@code t} is not float32 or float64 [B], or {@code u} not
   *     float32 or float64 [B, N]
   */
  default NDArray mask(NDArray x, NDArray t, NDArray u, long maskToken) {
    checkTimes("t", t, x);
    Scopes.checkReal("u", u);
    Scopes.checkShape("u", u, x.getShape().getShape());
    return Scopes.free(
        () -> {
          NDArray ids = x.toType(DataType.INT64, false); // [B, N]
          NDArray isKept = Scopes.wide(u).lt(alpha(Scopes.wide(t), ids)); // [B, N]
          return NDArrays.where(isKept, ids, ids.onesLike().mul(maskToken));
        },
        x,
        t,
        u);
  }

  /**
   * Returns a draw of {@code z_s} from {@code p(z_s | z_t)}: a masked position becomes {@code v}
   * with the probability {@code unmaskProbability(s, t) mu_v}, and stays masked with the rest (MD4,
   * equation 7; spec, 4.2).
   *
   * <p>One uniform a position decides both. It is the exact draw, by inversion in float64. It makes
   * a float64 array of the size of {@code logits}.
   *
   * @param zt partly masked tokens, int64 [B, N], in [0, V]; V is the mask
   * @param s earlier times, each in [0, its {@code t}], float32 or float64 [B]
   * @param t times in (0, 1], one an example, float32 or float64 [B]
   * @param logits unnormalised {@code log mu}, float32 or float64 [B, N, V]
   * @param u uniforms in [0, 1), float32 or float64 [B, N]
   * @return int64 [B, N], in [0, V], attached to the manager of {@code zt}
   * @throws IllegalArgumentException if a shape is not the one named here, or {@code s}, {@code t}
   *     or {@code u} is not float32 or float64
   */
  default NDArray step(NDArray zt, NDArray s, NDArray t, NDArray logits, NDArray u) {
    checkTimes("s", s, zt);
    checkTimes("t", t, zt);
    Scopes.checkReal("u", u);
    Scopes.checkShape("u", u, zt.getShape().getShape());
    long vocabularySize = logits.getShape().get(2);
    Scopes.checkShape("logits", logits, zt.getShape().get(0), zt.getShape().get(1), vocabularySize);
    return Scopes.free(
        () -> {
          NDArray ids = zt.toType(DataType.INT64, false); // [B, N]
          NDArray unmask = unmaskProbabilities(Scopes.wide(s), Scopes.wide(t)).expandDims(1);
          NDArray mu = Scopes.wide(logits).softmax(2); // [B, N, V]
          NDArray cdf = mu.mul(unmask).cumSum(2); // [B, N, V]
          NDArray passed = cdf.lte(Scopes.wide(u).expandDims(2)); // [B, N, V]
          NDArray drawn = passed.toType(DataType.INT64, false).sum(new int[] {2}); // [B, N]
          return NDArrays.where(ids.eq(vocabularySize), drawn, ids);
        },
        zt,
        s,
        t,
        logits,
        u);
  }

  private static void checkTimes(String name, NDArray times, NDArray tokens) {
    Scopes.checkReal(name, times);
    Scopes.checkShape(name, times, tokens.getShape().get(0));
  }

  /**
   * {@return the schedule over NDArrays}
   *
   * @param schedule the schedule on the host
   * @param manager the owner of the powers, float64 [V], where each token has one; not used
   *     otherwise
   */
  static NDSchedule of(Schedule schedule, NDManager manager) {
    return schedule.match(
        NDMaskingSchedule::new, perToken -> NDGenMd4Schedule.of(perToken, manager));
  }
}
