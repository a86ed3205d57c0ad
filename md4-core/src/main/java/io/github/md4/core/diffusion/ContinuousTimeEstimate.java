// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;

/**
 * An estimate of MD4's bound in continuous time by other queries than those of {@link
 * Md4Objective}, of the same expectation between the ends of the schedule.
 */
interface ContinuousTimeEstimate extends Objective {

  /** Returns the schedule that all tokens share. */
  MaskingSchedule schedule();

  @Override
  default Relation relationTo(Objective other) {
    Objective continuous = new Md4Objective(space(), schedule(), new TimeAxis.Continuous());
    return other.equals(continuous) ? Relation.EQUAL_WITHIN_ENDS : Relation.NONE;
  }
}
