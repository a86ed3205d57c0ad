// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.sample.trajectory.InitialSequence;

/** The noise of the steps of a published sampler, for one sequence. */
interface StepNoise {

  /** Returns the noise of the draws of tokens at positions, [c, R]. */
  double[][] draws(int step, int[] positions);

  /** Returns the uniforms in [0, 1) of the choice of positions, [R]. */
  double[] order(int step, int[] positions);

  /** Makes the noise of sequences. */
  @FunctionalInterface
  interface Source {
    StepNoise of(PartialSequence sequence, InitialSequence initial);
  }
}
