// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;

/**
 * What all walks of a request share.
 *
 * @param from how far from the end they begin, in (0, 1]
 */
record SamplingContext(ReverseProcess process, Noise noise, double from) {

  /** Returns the uniforms at {@code positions} of a sequence, [R]. */
  double[] uniforms(Purpose purpose, int step, InitialSequence start, int[] positions) {
    double[] all = noise.uniforms(purpose, step, start.index(), start.zt().length);
    double[] u = new double[positions.length];
    for (int r = 0; r < u.length; r++) {
      u[r] = all[positions[r]];
    }
    return u;
  }

  int maskToken() {
    return process.space().maskToken();
  }
}
