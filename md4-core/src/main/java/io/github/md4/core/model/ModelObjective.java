// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.diffusion.NegativeElbo;
import io.github.md4.core.diffusion.NextToken;
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
      return new NegativeElbo(space, schedule, axis);
    }
  },
  /** Each token from those before it; schedule and times play no part. */
  AUTOREGRESSIVE("autoregressive") {
    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis) {
      return new NextToken(space);
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
    for (ModelObjective each : values()) {
      if (each.name.equals(text)) {
        return each;
      }
    }
    throw new IllegalArgumentException("objective must be diffusion or autoregressive: " + text);
  }

  @Override
  public String toString() {
    return name;
  }
}
