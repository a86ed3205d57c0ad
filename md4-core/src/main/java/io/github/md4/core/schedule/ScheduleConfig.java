// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.function.Function;

/**
 * The configuration of a model's schedule: a curve, the same for all tokens (MD4), powers that are
 * learned with the network (GenMD4), or a noise that is (Gaussian diffusion). {@code toString} is
 * the form that {@link #parse} reads.
 */
public sealed interface ScheduleConfig permits Curve, LearnedPowers, LearnedNoise {

  /**
   * {@return what one of three functions gives: of a curve, of powers or of a noise to be learned}
   *
   * @param <R> the type of what the functions give
   * @param curve the function of a fixed curve
   * @param powers the function of powers to be learned
   * @param noise the function of a noise to be learned
   */
  <R> R match(
      Function<Curve, R> curve, Function<LearnedPowers, R> powers, Function<LearnedNoise, R> noise);

  /**
   * {@return whether another schedule is of this one's kind: a curve, powers or a noise}
   *
   * @param other the schedule that is compared
   */
  default boolean isLike(ScheduleConfig other) {
    return other.match(
        curve -> match(own -> true, powers -> false, noise -> false),
        powers -> match(own -> false, own -> true, noise -> false),
        noise -> match(own -> false, powers -> false, own -> true));
  }

  /** {@return whether it is learned with the network} */
  default boolean isLearned() {
    return match(curve -> false, powers -> true, noise -> true);
  }

  /**
   * {@return the schedule of V tokens before anything is learned}
   *
   * @param vocabularySize V, the number of tokens without the mask, at least 1
   * @param epsilon the squeeze of the ends, in [0, 0.5): of a curve at both, of learned powers at
   *     time 1; a learned noise has none
   * @throws IllegalArgumentException if {@code epsilon} or {@code vocabularySize} is out of its
   *     range
   */
  Schedule starting(int vocabularySize, double epsilon);

  /**
   * {@return how many parameters the schedule of V tokens has, at least 0}
   *
   * @param vocabularySize V, the number of tokens without the mask
   */
  int parameterCount(int vocabularySize);

  /**
   * {@return what a text names: one of the forms of {@link Curve#parse}, {@link
   * LearnedPowers#parse} or {@link LearnedNoise#parse}}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException if the text is none of these
   */
  static ScheduleConfig parse(String text) {
    if (LearnedNoise.isMeantBy(text)) {
      return LearnedNoise.parse(text);
    }
    return LearnedPowers.isMeantBy(text) ? LearnedPowers.parse(text) : Curve.parse(text);
  }
}
