// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

/**
 * What a configuration says of a model's schedule: a curve, the same for all tokens (MD4), or
 * powers that are learned with the network (GenMD4). {@code toString} is the form that {@link
 * #parse} reads.
 */
public sealed interface ScheduleConfig permits Curve, LearnedPowers {

  /**
   * Returns the schedule of a curve.
   *
   * @param epsilon the squeeze
   * @throws IllegalStateException if the schedule is learned: then the model's weights have it
   */
  MaskingSchedule squeezed(double epsilon);

  /** Returns the schedule of V tokens before anything is learned. */
  Schedule starting(int vocabularySize, double epsilon);

  /** Returns how many parameters the schedule of V tokens has. */
  int parameterCount(int vocabularySize);

  /**
   * Returns what a text names: one of the forms of {@link Curve#parse} or {@link
   * LearnedPowers#parse}.
   *
   * @throws IllegalArgumentException if the text is none of these
   */
  static ScheduleConfig parse(String text) {
    return LearnedPowers.isMeantBy(text) ? LearnedPowers.parse(text) : Curve.parse(text);
  }
}
