// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.function.Function;

/**
 * The schedule of a model: a curve that all tokens share (MD4, Section 2), or a power of time for
 * each token, learned with the network (GenMD4: MD4, Section 6). Immutable.
 */
public sealed interface Schedule permits MaskingSchedule, GenMd4Schedule {

  /**
   * {@return the probability that a token is masked at the time {@code t}}
   *
   * @param t a time, in [0, 1]
   * @param token a token, in [0, V)
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  double oneMinusAlpha(double t, int token);

  /**
   * {@return the probability that a token masked at {@code t} is unmasked at the earlier time
   * {@code s}}
   *
   * @param s an earlier time, in {@code [0, t]}
   * @param t a time, in [0, 1]
   * @param token a token, in [0, V)
   * @throws IllegalArgumentException unless {@code 0 <= s <= t <= 1}
   */
  double unmaskProbability(double s, double t, int token);

  /**
   * {@return the masking of tokens at the time {@code t}}
   *
   * @param t a time, in [0, 1]
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  Masking at(double t);

  /**
   * {@return what one of two functions gives: of a shared schedule, or of one for each token}
   *
   * @param <R> the type of what the functions give
   * @param shared the function of a schedule that all tokens share
   * @param perToken the function of a schedule with a power for each token
   */
  <R> R match(Function<MaskingSchedule, R> shared, Function<GenMd4Schedule, R> perToken);

  /** The masking at one time: a token stays where its uniform is below its alpha. */
  @FunctionalInterface
  interface Masking {
    /**
     * {@return whether a token is masked by the uniform {@code u} in [0, 1)}
     *
     * @param token a token, in [0, V)
     * @param u a uniform number in [0, 1)
     */
    boolean isMasked(int token, double u);
  }
}
