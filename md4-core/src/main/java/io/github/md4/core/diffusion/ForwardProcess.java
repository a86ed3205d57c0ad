// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.MaskingSchedule;

/** Masking as time runs from 0 to 1: {@code q(z_t | x)}, independent at every position. */
public record ForwardProcess(TokenSpace space, MaskingSchedule schedule) {

  /**
   * Returns a draw of {@code z_t}: a token stays where {@code u < alpha(t)}, elsewhere is the mask.
   *
   * @param x clean tokens [N], in [0, V)
   * @param t in [0, 1]
   * @param u uniforms in [0, 1), [N]
   * @return [N], in [0, V]
   */
  public int[] mask(int[] x, double t, double[] u) {
    double alphaT = schedule.alpha(t);
    int[] zt = new int[x.length];
    for (int n = 0; n < x.length; n++) {
      zt[n] = u[n] < alphaT ? x[n] : space.maskToken();
    }
    return zt;
  }
}
