// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.Decimals;
import io.github.md4.core.schedule.TimeAxis;
import java.util.List;

/**
 * The arguments of a D3PM: T and the factor of its auxiliary cross-entropy.
 *
 * @param steps T, the number of steps of discrete time, at least 1
 * @param auxiliary lambda, the weight of the auxiliary cross-entropy, at least 0 and finite
 */
public record StepArguments(int steps, double auxiliary) {
  /** As D3PM's text models and multinomial diffusion have it. */
  public static final StepArguments DEFAULTS = new StepArguments(1000, 0);

  /**
   * Checks both.
   *
   * @param steps T, the number of steps of discrete time, at least 1
   * @param auxiliary lambda, the weight of the auxiliary cross-entropy, at least 0 and finite
   * @throws IllegalArgumentException if {@code steps} is below 1, or {@code auxiliary} negative or
   *     not finite
   */
  public StepArguments {
    if (steps < 1) {
      throw new IllegalArgumentException("steps must be at least 1: " + steps);
    }
    if (!(auxiliary >= 0 && auxiliary < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("the auxiliary factor must be at least 0: " + auxiliary);
    }
  }

  /**
   * @throws IllegalArgumentException unless the arguments are T, or T and lambda
   */
  static StepArguments parse(String name, List<String> arguments) {
    try {
      if (arguments.size() <= 2) {
        double auxiliary = arguments.size() < 2 ? 0 : Decimals.parse(arguments.get(1));
        return new StepArguments(Integer.parseInt(arguments.get(0)), auxiliary);
      }
    } catch (NumberFormatException e) {
      // reported below, with what it should have been
    }
    throw new IllegalArgumentException(
        "objective must be written %s(STEPS) or %s(STEPS, LAMBDA): %s"
            .formatted(name, name, String.join(", ", arguments)));
  }

  /** Returns T steps, or as many as a discrete axis has. */
  TimeAxis.Discrete axis(TimeAxis axis) {
    return axis.match(() -> new TimeAxis.Discrete(steps), TimeAxis.Discrete::new);
  }

  /** Returns the text that {@link #parse} reads; the bare name for the defaults. */
  String text(String name) {
    if (equals(DEFAULTS)) {
      return name;
    }
    return auxiliary == 0
        ? "%s(%d)".formatted(name, steps)
        : "%s(%d, %s)".formatted(name, steps, auxiliary);
  }
}
