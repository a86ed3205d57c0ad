// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.Schedule;
import java.util.Arrays;

/**
 * Unmasking as time runs from 1 to 0: {@code p(z_s | z_t)} for {@code s < t} (MD4, Section 4; spec,
 * 4.2).
 *
 * <p>Under a curve, a masked position is revealed with a probability that no network has a say in,
 * and then takes a token from {@code mu}. So when each position is revealed can be drawn before the
 * network is asked anything, by one uniform a position: the chances of the steps up to a time
 * {@code s},
 *
 * <pre>{@code
 * 1 - prod (1 - (alpha_s - alpha_t) / (1 - alpha_t)) = (alpha_s - alpha_from) / (1 - alpha_from)
 * }</pre>
 *
 * add up to the same whatever steps there are on the way. Where each token has its own power that
 * is otherwise: see {@link GenMd4Reverse}.
 *
 * @param kernels what draws the tokens
 */
public record ReverseProcess(TokenSpace space, Schedule schedule, DrawKernels kernels) {

  /**
   * Returns whether each token has its own power; else all have one schedule, and when positions
   * are revealed does not depend on the network.
   */
  public boolean isPowered() {
    return schedule instanceof GenMd4Schedule;
  }

  /**
   * When a grid's steps reveal what is masked at its beginning.
   *
   * @param revealed the probability of being unmasked at the end of each step, never falling
   */
  public record RevealSteps(double[] revealed) {

    /**
     * Returns the step that reveals a position, counted from 0; as many as there are steps where
     * none does.
     *
     * @param u uniform in [0, 1)
     */
    public int of(double u) {
      int found = Arrays.binarySearch(revealed, u);
      if (found < 0) {
        return -found - 1;
      }
      // Exactly at the end of a step: of a later one, and past all that reveal nothing.
      int step = found + 1;
      while (step < revealed.length && revealed[step] == u) {
        step++;
      }
      return step;
    }
  }

  /**
   * Returns when the steps between {@code times} reveal a position that is masked at the first.
   *
   * @param times falling, at least two
   */
  public RevealSteps revealSteps(double[] times) {
    double[] revealed = new double[times.length - 1];
    double before = 0;
    for (int step = 0; step < revealed.length; step++) {
      // Rounding alone could let it fall.
      before = Math.max(before, schedule.common().unmaskProbability(times[step + 1], times[0]));
      revealed[step] = before;
    }
    return new RevealSteps(revealed);
  }

  /**
   * Returns the time at which a position that is masked at {@code from} is revealed in continuous
   * time, the limit of ever more steps; 0 where it is still masked at time 0. The same uniform
   * gives, on any grid, the step in which this time lies.
   *
   * @param u uniform in [0, 1)
   */
  public double revealTime(double u, double from) {
    MaskingSchedule common = schedule.common();
    return common.timeWhenMasked((1 - u) * common.oneMinusAlpha(from));
  }
}
