// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.Choices;
import io.github.md4.core.diffusion.AutoregressiveObjective;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;

/** What a model is trained for, as configs name it. */
public enum ModelObjective {
  /** Masked diffusion. */
  MASKED_DIFFUSION("diffusion") {
    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis) {
      return new Md4Objective(space, schedule, axis);
    }
  },
  /** Each token from those before it; schedule and times play no part. */
  AUTOREGRESSIVE("autoregressive") {
    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis) {
      return new AutoregressiveObjective(space);
    }
  };

  private final String name;

  ModelObjective(String name) {
    this.name = name;
  }

  /** Returns the objective itself. */
  public abstract Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis);

  /**
   * Returns the objective of that name.
   *
   * @throws IllegalArgumentException for any other text
   */
  public static ModelObjective parse(String text) {
    return Choices.parse(values(), "objective", text);
  }

  @Override
  public String toString() {
    return name;
  }
}
