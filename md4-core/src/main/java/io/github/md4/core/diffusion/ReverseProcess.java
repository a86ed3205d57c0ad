// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.kernel.DrawKernels;
import io.github.md4.core.schedule.MaskingSchedule;

/**
 * One step of unmasking: {@code p(z_s | z_t)} for {@code s < t} (MD4, Section 4; spec, 4.2).
 *
 * <p>A masked position is revealed with a probability that no network has a say in, and then takes
 * a token from {@code mu}. One uniform decides both: below the probability of being revealed it is,
 * divided by it, again a uniform. That is one draw over V + 1 outcomes, exact to 2^-53.
 */
public record ReverseProcess(TokenSpace space, MaskingSchedule schedule, DrawKernels kernels) {

  /**
   * A step.
   *
   * @param probability that a masked position is revealed
   */
  public record Step(double probability) {

    /** Returns whether a masked position with the uniform {@code u} is revealed. */
    public boolean isRevealed(double u) {
      return u < probability;
    }
  }

  /** Returns the step from {@code t} to {@code s < t}, the same for all positions. */
  public Step step(double s, double t) {
    return new Step(schedule.unmaskProbability(s, t));
  }

  /**
   * Returns the tokens of positions that are revealed.
   *
   * @param logits the network's, at those positions, float [R, V]
   * @param u what revealed each of them, [R]
   * @return tokens [R], in [0, V)
   */
  public int[] reveal(NDArray logits, Step step, double[] u) {
    double[] again = new double[u.length];
    for (int r = 0; r < u.length; r++) {
      again[r] = u[r] / step.probability;
    }
    try (NDManager scope = logits.getManager().newSubManager()) {
      long[] drawn = kernels.draw(scope, logits, scope.create(again)).toLongArray();
      return tokens(drawn);
    }
  }

  /** Returns the most likely token of each row, as the reference fills what is left at the end. */
  public int[] fill(NDArray logits) {
    try (NDManager scope = logits.getManager().newSubManager()) {
      return tokens(kernels.mostLikely(scope, logits).toLongArray());
    }
  }

  private static int[] tokens(long[] drawn) {
    int[] tokens = new int[drawn.length];
    for (int r = 0; r < tokens.length; r++) {
      tokens[r] = (int) drawn[r];
    }
    return tokens;
  }
}
