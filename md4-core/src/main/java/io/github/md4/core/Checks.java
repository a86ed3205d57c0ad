// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

/** Checks of arguments. */
public final class Checks {
  private Checks() {}

  /**
   * Checks a condition.
   *
   * @param holds whether the condition holds
   * @param complaint the complete message
   * @throws IllegalArgumentException if it does not hold
   */
  public static void require(boolean holds, String complaint) {
    if (!holds) {
      throw new IllegalArgumentException(complaint);
    }
  }

  /**
   * Checks a condition on a value.
   *
   * @param holds whether the condition holds
   * @param condition what must hold, in words
   * @param given the value, named in the message
   * @throws IllegalArgumentException if it does not hold
   */
  public static void require(boolean holds, String condition, Object given) {
    if (!holds) {
      throw new IllegalArgumentException(condition + ": " + given);
    }
  }
}
