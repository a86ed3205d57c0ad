// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The axis of time, {@code [0, 1]} or steps: the one place where the two differ (MD4, Section 3;
 * spec, Section 2.4).
 */
public sealed interface TimeAxis {

  /**
   * {@return the first time on this axis after {@code t}, or {@code t} itself if continuous}
   *
   * @param t a time, in [0, 1)
   * @throws IllegalArgumentException if the axis has steps and {@code t} is outside [0, 1)
   */
  double snap(double t);

  /**
   * {@return the weight of the masked log-likelihood at the time {@code t}; never positive}
   *
   * @param schedule the schedule that all tokens share
   * @param t a time that {@link #snap} returned
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  double lossWeight(MaskingSchedule schedule, double t);

  /**
   * {@return what one of two functions gives: of continuous time, or of a number of steps}
   *
   * @param <R> the type of what the functions give
   * @param continuous the function for continuous time
   * @param discrete the function of the number of steps
   */
  <R> R match(Supplier<R> continuous, IntFunction<R> discrete);

  /** {@return whether its times are all of [0, 1]} */
  boolean isContinuous();

  /** {@return a word or two for people: {@code continuous}, or {@code T = 100}} */
  String describe();

  /**
   * {@return the axis written as {@code continuous} or {@code discrete(steps)}}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException for any other text, or no steps
   */
  static TimeAxis parse(String text) {
    if (text.equals("continuous")) {
      return new Continuous();
    }
    Matcher discrete = Pattern.compile("discrete\\((\\d{1,9})\\)").matcher(text);
    if (!discrete.matches()) {
      throw new IllegalArgumentException(
          "time axis must be continuous or discrete(steps): " + text);
    }
    return new Discrete(Integer.parseInt(discrete.group(1)));
  }

  /** All times in {@code [0, 1]}. */
  record Continuous() implements TimeAxis {
    @Override
    public double snap(double t) {
      return t;
    }

    @Override
    public double lossWeight(MaskingSchedule schedule, double t) {
      return schedule.lossWeight(t);
    }

    @Override
    public <R> R match(Supplier<R> continuous, IntFunction<R> discrete) {
      return continuous.get();
    }

    @Override
    public boolean isContinuous() {
      return true;
    }

    @Override
    public String describe() {
      return toString();
    }

    @Override
    public String toString() {
      return "continuous";
    }
  }

  /**
   * The times {@code 1/steps, 2/steps, ..., 1}.
   *
   * @param steps how many, at least 1
   */
  record Discrete(int steps) implements TimeAxis {
    /**
     * Checks the number of steps.
     *
     * @param steps how many, at least 1
     * @throws IllegalArgumentException if {@code steps} is below 1
     */
    public Discrete {
      if (steps < 1) {
        throw new IllegalArgumentException("steps must be at least 1: " + steps);
      }
    }

    /**
     * Returns {@code (floor(t * steps) + 1) / steps}, for t in [0, 1).
     *
     * @throws IllegalArgumentException if {@code t} is outside [0, 1)
     */
    @Override
    public double snap(double t) {
      if (!(t >= 0 && t < 1)) {
        throw new IllegalArgumentException("time must be in [0, 1): " + t);
      }
      return (Math.floor(t * steps) + 1) / steps;
    }

    /**
     * Returns {@code -steps * (alpha_s - alpha_t) / (1 - alpha_t)} with {@code s = t - 1/steps}.
     * md4 writes the same number as {@code steps * expm1(logSnr(t) - logSnr(s)) * alpha(s)}.
     */
    @Override
    public double lossWeight(MaskingSchedule schedule, double t) {
      return -steps * schedule.unmaskProbability(t - 1.0 / steps, t);
    }

    @Override
    public <R> R match(Supplier<R> continuous, IntFunction<R> discrete) {
      return discrete.apply(steps);
    }

    @Override
    public boolean isContinuous() {
      return false;
    }

    @Override
    public String describe() {
      return "T = " + steps;
    }

    @Override
    public String toString() {
      return "discrete(" + steps + ")";
    }
  }
}
