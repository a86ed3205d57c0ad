// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import java.util.Arrays;

/**
 * What a network is told besides the tokens; a network ignores what it has no input for.
 *
 * @param times in [0, 1], one for each example
 * @param labels class ids, one for each example, or empty where there are no classes
 */
public record Condition(double[] times, int[] labels) {

  /** Returns the condition of examples that have a time each and no class. */
  public static Condition at(double... times) {
    return new Condition(times, new int[0]);
  }

  /** Returns the condition of {@code batchSize} examples at one time. */
  public static Condition at(double time, int batchSize) {
    double[] times = new double[batchSize];
    Arrays.fill(times, time);
    return at(times);
  }
}
