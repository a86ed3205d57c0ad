// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.ndarray.NDSchedule;
import io.github.md4.core.schedule.Schedule;
import java.util.Arrays;

/**
 * Masking as time runs from 0 to 1: {@code q(z_t | x)}, independent at every position (MD4, Section
 * 2; spec, Section 1.1). Immutable, and safe for many threads.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule, shared or with a power for each token
 */
public record ForwardProcess(TokenSpace space, Schedule schedule) {

  /**
   * Returns a draw of {@code z_t}: a token stays where {@code u < alpha(t)}, elsewhere is the mask.
   *
   * @param x clean tokens [N], in [0, V)
   * @param t the time, in [0, 1]; at 0 nothing is masked but what the squeeze leaves
   * @param u uniforms in [0, 1), [n], n at most N: tokens from n on stay
   * @return [N], in [0, V], new
   * @throws IllegalArgumentException if {@code t} is outside [0, 1], or there are more uniforms
   *     than tokens
   */
  public int[] mask(int[] x, double t, double[] u) {
    require(
        u.length <= x.length,
        "there must be no more uniforms than tokens",
        u.length + ", " + x.length);
    return masked(x, maskedPositions(x, t, u));
  }

  /**
   * As {@link #mask(int[], double, double[])}, of a batch of arrays on any device. In float64 it is
   * the same draw; in float32 another where a uniform is within rounding of its alpha.
   *
   * @param x clean tokens, int64 [B, N], in [0, V)
   * @param t times in [0, 1], one an example, float32 or float64 [B]; their values are not checked
   * @param u uniforms in [0, 1), float32 or float64 [B, N]
   * @return int64 [B, N], in [0, V], attached to the manager of {@code x}
   * @throws IllegalArgumentException if {@code t} is not float32 or float64 [B], or {@code u} not
   *     float32 or float64 [B, N]
   */
  public NDArray mask(NDArray x, NDArray t, NDArray u) {
    try (NDManager scope = x.getManager().newSubManager()) {
      return NDSchedule.of(schedule, scope).mask(x, t, u, space.maskToken());
    }
  }

  /**
   * Returns the positions that such a draw masks, ascending.
   *
   * @param u uniforms in [0, 1), [n], n at most N: tokens from n on are never masked
   */
  int[] maskedPositions(int[] x, double t, double[] u) {
    Schedule.Masking masking = schedule.at(t);
    int[] positions = new int[u.length];
    int count = 0;
    for (int n = 0; n < u.length; n++) {
      if (masking.isMasked(x[n], u[n])) {
        positions[count++] = n;
      }
    }
    return Arrays.copyOf(positions, count);
  }

  /** Returns the sequence with masks at the positions, [N]. */
  int[] masked(int[] x, int[] positions) {
    int[] zt = x.clone();
    for (int position : positions) {
      zt[position] = space.maskToken();
    }
    return zt;
  }
}
