// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.ndarray.NDMaskingSchedule;
import io.github.md4.core.ndarray.NDSchedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.StepTimes;
import java.util.Arrays;

/**
 * Unmasking as time runs from 1 to 0 where all tokens share a schedule: {@code p(z_s | z_t)} for
 * {@code s < t} (MD4, Section 4; spec, Section 4.2). Immutable, and safe for many threads.
 *
 * <p>A masked position is revealed with a probability that does not depend on the network, and then
 * takes a token from {@code mu}. So the time of each reveal can be drawn before the first call of
 * the network, by one uniform a position: the chances of the steps up to a time {@code s},
 *
 * <pre>{@code
 * 1 - prod (1 - (alpha_s - alpha_t) / (1 - alpha_t)) = (alpha_s - alpha_from) / (1 - alpha_from)
 * }</pre>
 *
 * add up to the same whatever steps there are on the way. {@link GenMd4Reverse} is the process in
 * which each token has its own power.
 *
 * @param schedule the schedule that all tokens share
 */
public record ReverseProcess(MaskingSchedule schedule) {

  /**
   * The steps of a grid that reveal what is masked at its beginning.
   *
   * @param revealed the probability of being unmasked at the end of each step, in [0, 1], never
   *     falling, [steps]; not copied
   */
  public record RevealSteps(double[] revealed) {

    /**
     * {@return the step that reveals a position, counted from 0; the number of steps where none
     * does}
     *
     * @param u the noise of the position, uniform in [0, 1)
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
   * Returns a draw of {@code z_s} from {@code p(z_s | z_t)} for a batch of arrays on any device;
   * see {@link NDSchedule#step}.
   *
   * @param zt partly masked tokens, int64 [B, N], in [0, V]; V is the mask
   * @param s earlier times, each in [0, its {@code t}], float32 or float64 [B]
   * @param t times in (0, 1], float32 or float64 [B]; their values are not checked
   * @param logits unnormalised {@code log mu}, float32 or float64 [B, N, V]
   * @param u uniforms in [0, 1), float32 or float64 [B, N]
   * @return int64 [B, N], in [0, V], attached to the manager of {@code zt}
   * @throws IllegalArgumentException if a shape is not the one named here, or {@code s}, {@code t}
   *     or {@code u} is not float32 or float64
   */
  public NDArray step(NDArray zt, NDArray s, NDArray t, NDArray logits, NDArray u) {
    return new NDMaskingSchedule(schedule).step(zt, s, t, logits, u);
  }

  /**
   * {@return the steps between {@code times} that reveal a position masked at the first}
   *
   * @param times the times of the steps, in [0, 1], from the first to the last
   * @throws IllegalArgumentException if they rise, or are outside [0, 1]
   */
  public RevealSteps revealSteps(StepTimes times) {
    double[] revealed = new double[times.steps()];
    double before = 0;
    for (int step = 0; step < revealed.length; step++) {
      // Rounding alone could let it fall.
      double now = schedule.unmaskProbability(times.time(step + 1), times.time(0));
      before = Math.max(before, now);
      revealed[step] = before;
    }
    return new RevealSteps(revealed);
  }

  /**
   * {@return the time at which a position that is masked at {@code from} is revealed in continuous
   * time, the limit of ever more steps; 0 where it is still masked at time 0} The same uniform
   * gives, on any grid, the step in which this time lies.
   *
   * @param u the noise of the position, uniform in [0, 1)
   * @param from the time at which the position is masked, in [0, 1]
   * @throws IllegalArgumentException if {@code from} is outside [0, 1]
   */
  public double revealTime(double u, double from) {
    return schedule.timeWhenMasked((1 - u) * schedule.oneMinusAlpha(from));
  }
}
