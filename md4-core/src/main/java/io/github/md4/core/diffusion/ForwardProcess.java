// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.ndarray.NDSchedule;
import io.github.md4.core.schedule.Schedule;
import java.util.Arrays;

/**
 * Masking as time runs from 0 to 1: {@code q(z_t | x)}, independent at every position.
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
   * @param u uniforms in [0, 1), [N]
   * @return [N], in [0, V]
   */
  public int[] mask(int[] x, double t, double[] u) {
    return masked(x, maskedPositions(x, t, u));
  }

  /**
   * As {@link #mask(int[], double, double[])}, of a batch of arrays on any device. In float64 it is
   * the same draw; in float32 another where a uniform is within rounding of its alpha.
   *
   * @param x clean tokens, int64 [B, N], in [0, V)
   * @param t float32 or float64 [B], in [0, 1]; not checked
   * @param u uniforms in [0, 1), float32 or float64 [B, N]
   * @return int64 [B, N], in [0, V], attached to the manager of {@code x}
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
