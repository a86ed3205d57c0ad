// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.schedule.MaskingSchedule;

/**
 * A step from t to s by the scores of a masked position: {@code r} times its scores' ratios, times
 * the step's share.
 */
enum ScoredStep {
  /** The rate at t times the length of the step (SEDD's Euler step). */
  EULER {
    @Override
    double share(MaskingSchedule schedule, double s, double t) {
      return -schedule.lossWeight(t) * (t - s);
    }
  },
  /**
   * {@code (alpha_s - alpha_t) / (1 - alpha_t)}: SEDD's analytic step, whose {@code e^(sigma_t -
   * sigma_s) - 1} times r is this.
   */
  ANALYTIC {
    @Override
    double share(MaskingSchedule schedule, double s, double t) {
      return schedule.unmaskProbability(s, t);
    }
  },
  /** As Euler's, the sum S of the rates changing a position with the probability 1 - exp(-S). */
  TAU_LEAPING {
    @Override
    double share(MaskingSchedule schedule, double s, double t) {
      return EULER.share(schedule, s, t);
    }

    @Override
    boolean leaps() {
      return true;
    }
  };

  /** Returns the sum of the scores in a step where their ratios add up to 1. */
  abstract double share(MaskingSchedule schedule, double s, double t);

  /** Returns whether a sum S of scores changes a position with the probability 1 - exp(-S). */
  boolean leaps() {
    return false;
  }
}
