// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import io.github.md4.core.Choices;

/**
 * The factor of the diffusion term of learned powers: its times are drawn from the last {@code 1 -
 * t1} of [0, 1], {@code t1} being {@link GenMd4Schedule#TIME_FLOOR} (spec, Section 3.2).
 */
public enum TimeFloor {
  /**
   * As md4 has it: the mean over those times stands for the integral over them, which is too high
   * by {@code 1 / (1 - t1)}, a tenth of a percent.
   */
  REFERENCE(1, "upper bound, times 1 / (1 - " + GenMd4Schedule.TIME_FLOOR + ") as md4 has it"),
  /** The integral: the mean times {@code 1 - t1}. */
  EXACT(1 - GenMd4Schedule.TIME_FLOOR, "upper bound");

  private final double factor;
  private final String kind;

  TimeFloor(double factor, String kind) {
    this.factor = factor;
    this.kind = kind;
  }

  /** {@return a word or two for people on what the value is} */
  public String kind() {
    return kind;
  }

  /** {@return the factor of the mean over times, 1 or {@code 1 - t1}} */
  public double factor() {
    return factor;
  }

  /**
   * {@return the time in [t1, 1) that a uniform in [0, 1) stands for}
   *
   * @param u a uniform number in [0, 1)
   */
  public static double time(double u) {
    return (1 - GenMd4Schedule.TIME_FLOOR) * u + GenMd4Schedule.TIME_FLOOR;
  }

  /**
   * {@return the choice written as {@code reference} or {@code exact}}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException for any other text
   */
  public static TimeFloor parse(String text) {
    return Choices.parse(values(), "the time floor", text);
  }

  @Override
  public String toString() {
    return Choices.name(this);
  }
}
