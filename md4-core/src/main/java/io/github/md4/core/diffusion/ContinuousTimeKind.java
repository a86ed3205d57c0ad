// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;

/** A kind of objective that has no steps. */
interface ContinuousTimeKind extends ObjectiveKind {

  /** Returns the objective of a model whose tokens share one schedule. */
  Objective of(TokenSpace space, MaskingSchedule schedule);

  @Override
  default Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis) {
    check(axis);
    return of(space, schedule);
  }

  @Override
  default void check(TimeAxis axis) {
    if (!axis.isContinuous()) {
      throw new IllegalArgumentException(
          "the objective %s has continuous time only: %s".formatted(this, axis));
    }
  }
}
