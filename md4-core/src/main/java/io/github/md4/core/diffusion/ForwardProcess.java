// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.Schedule;
import java.util.Arrays;

/** Masking as time runs from 0 to 1: {@code q(z_t | x)}, independent at every position. */
public record ForwardProcess(TokenSpace space, Schedule schedule) {

  /**
   * Returns a draw of {@code z_t}: a token stays where {@code u < alpha(t)}, elsewhere is the mask.
   *
   * @param x clean tokens [N], in [0, V)
   * @param t in [0, 1]
   * @param u uniforms in [0, 1), [N]
   * @return [N], in [0, V]
   */
  public int[] mask(int[] x, double t, double[] u) {
    return masked(x, maskedPositions(x, t, u));
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
