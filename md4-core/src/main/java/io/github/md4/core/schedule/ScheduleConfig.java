// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.function.Function;

/**
 * The configuration of a model's schedule: a curve, the same for all tokens (MD4), or powers that
 * are learned with the network (GenMD4). {@code toString} is the form that {@link #parse} reads.
 */
public sealed interface ScheduleConfig permits Curve, LearnedPowers {

  /**
   * {@return what one of two functions gives: of a curve, or of powers to be learned}
   *
   * @param <R> the type of what the functions give
   * @param curve the function of a fixed curve
   * @param learned the function of powers to be learned
   */
  <R> R match(Function<Curve, R> curve, Function<LearnedPowers, R> learned);

  /**
   * {@return the schedule of V tokens before anything is learned}
   *
   * @param vocabularySize V, the number of tokens without the mask
   * @param epsilon the squeeze of the ends, at least 0 and small: {@code alpha(0)} is {@code 1 -
   *     epsilon}
   */
  Schedule starting(int vocabularySize, double epsilon);

  /**
   * {@return how many parameters the schedule of V tokens has}
   *
   * @param vocabularySize V, the number of tokens without the mask
   */
  int parameterCount(int vocabularySize);

  /**
   * {@return what a text names: one of the forms of {@link Curve#parse} or {@link
   * LearnedPowers#parse}}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException if the text is none of these
   */
  static ScheduleConfig parse(String text) {
    return LearnedPowers.isMeantBy(text) ? LearnedPowers.parse(text) : Curve.parse(text);
  }
}
