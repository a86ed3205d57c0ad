// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import java.util.function.Function;

/** A sampling method applied to the schedule of a model; only a {@link Sampler} runs it. */
public final class SamplingProcedure {
  private final Function<SamplingContext, Trajectory.Factory> trajectories;
  private final RowDraw draw;
  private final boolean isPlanned;

  /**
   * @param draw the draw of tokens
   * @param isPlanned whether the calls of the network are known before the first
   */
  SamplingProcedure(
      Function<SamplingContext, Trajectory.Factory> trajectories, RowDraw draw, boolean isPlanned) {
    this.trajectories = trajectories;
    this.draw = draw;
    this.isPlanned = isPlanned;
  }

  /** Returns the trajectories of a request. */
  Trajectory.Factory trajectories(SamplingContext context) {
    return trajectories.apply(context);
  }

  /** Returns the draw of tokens. */
  RowDraw draw() {
    return draw;
  }

  /** Returns whether the calls of the network are known before the first, not only bounded. */
  boolean isPlanned() {
    return isPlanned;
  }
}
