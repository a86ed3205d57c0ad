// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

/** The law of a denoiser, in plain numbers. */
interface KnownLaw {

  /** Returns the probabilities at a position, [V]. */
  double[] mu(int[] zt, int position, double t);
}
