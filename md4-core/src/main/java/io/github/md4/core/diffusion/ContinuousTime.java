// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.TimeAxis;

/** The check of objectives that have no steps. */
final class ContinuousTime {
  private ContinuousTime() {}

  /**
   * @throws IllegalArgumentException if the axis is of steps
   */
  static void check(String objective, TimeAxis axis) {
    if (!axis.isContinuous()) {
      throw new IllegalArgumentException(
          "the objective %s has continuous time only: %s".formatted(objective, axis));
    }
  }
}
