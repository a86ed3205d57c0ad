// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.StepTimes;

/**
 * The positions of a sequence that {@link Remasking} reveals and masks again, one step of the grid
 * after another. Where it is planned, they are known before any draw.
 */
final class RemaskingWalk {
  private final PartialSequence sequence;
  private final Rule rule;
  private final boolean[] isMasked; // where remasking is planned; [N]
  private int next;

  /** The parts that are the same for all sequences of a request. */
  record Rule(MaskingSchedule schedule, StepTimes times, Remasking remasking, Leftovers leftovers) {

    /** Returns the chances of a step of the grid. */
    Chances chances(int step) {
      double t = times.time(step);
      double s = times.time(step + 1);
      return new Chances(
          schedule.unmaskProbability(s, t),
          Math.min(1, schedule.oneMinusAlpha(s) / schedule.alpha(t)),
          schedule.alpha(t) / schedule.oneMinusAlpha(t));
    }
  }

  /**
   * What a step is drawn by.
   *
   * @param plain the probability that a mask is revealed, without remasking
   * @param largest the largest sigma
   * @param odds by how much sigma adds to {@code plain}
   */
  record Chances(double plain, double largest, double odds) {}

  /**
   * What happens at a step: what is revealed by its draws, and what is masked again after them. The
   * step behind the grid reveals what is left.
   */
  record Decision(int step, int[] revealed, int[] remasked) {}

  /**
   * @param sequence at its beginning
   */
  RemaskingWalk(PartialSequence sequence, Rule rule) {
    this.sequence = sequence;
    this.rule = rule;
    this.isMasked = new boolean[sequence.length()];
    for (int n : sequence.masked()) {
      isMasked[n] = true;
    }
  }

  /**
   * Returns what happens at the next step; nothing does from the second one behind the grid on.
   *
   * @param confidences as of {@link Remasking#sigma}
   */
  Decision next(double[] confidences) {
    int step = next++;
    Decision decided =
        step < rule.times.steps()
            ? decided(step, confidences)
            : new Decision(step, left(step), new int[0]);
    for (int n : decided.revealed) {
      isMasked[n] = false;
    }
    for (int n : decided.remasked) {
      isMasked[n] = true;
    }
    return decided;
  }

  private int[] left(int step) {
    return step == rule.times.steps() ? sequence.positions(this::isMasked) : new int[0];
  }

  /** Returns whether a position is masked before the next step. */
  private boolean isMasked(int position) {
    return rule.remasking.isPlanned() ? isMasked[position] : sequence.isMasked(position);
  }

  private Decision decided(int step, double[] confidences) {
    Chances chances = rule.chances(step);
    double[] sigma = rule.remasking.sigma(chances.largest, confidences);
    double[] u = sequence.uniforms(Purpose.REMASK, step);
    return new Decision(
        step,
        sequence.positions(n -> isMasked(n) && u[n] < chances.plain + sigma[n] * chances.odds),
        sequence.positions(n -> u[n] < sigma[n] && !isMasked(n) && !sequence.isFrozen(n)));
  }
}
