// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.schedule.SamplingGrid;
import java.util.Objects;

/**
 * The times at which a sampler stops on its way from 1 to 0.
 *
 * @param grid where they lie
 * @param steps how many steps there are between them, at least 1
 */
public record SamplingSteps(SamplingGrid grid, int steps) {

  public SamplingSteps {
    Objects.requireNonNull(grid, "grid");
    if (steps < 1) {
      throw new IllegalArgumentException("steps must be at least 1: " + steps);
    }
  }

  /** Returns the time after {@code step} steps, which is also what the network is told there. */
  public double time(int step) {
    return grid.time(step, steps);
  }

  /** Returns the step that follows {@code step} steps. */
  ReverseProcess.Step of(ReverseProcess process, int step) {
    return process.step(time(step + 1), time(step));
  }
}
