// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

/**
 * The schedule that a model has: a curve, the same for all tokens, or the powers that were learned
 * with it.
 */
public sealed interface Schedule permits MaskingSchedule, GenMd4Schedule {

  /** Returns the probability that a token is masked at the time {@code t}. */
  double oneMinusAlpha(double t, int token);

  /**
   * Returns the probability that a token masked at {@code t} is unmasked at the earlier time {@code
   * s}.
   */
  double unmaskProbability(double s, double t, int token);

  /**
   * Returns the schedule that all tokens have.
   *
   * @throws IllegalStateException if each has its own
   */
  MaskingSchedule common();
}
