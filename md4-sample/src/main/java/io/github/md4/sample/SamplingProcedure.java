// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.internal.torch.Confidence;
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

  /**
   * Returns the procedure of trajectories that each draw from one uniform a position, by inversion
   * in float64. The number of calls is known to listeners as what it is if each draw is the token
   * 0.
   *
   * @param trajectories by what the trajectories of a request share
   */
  public static SamplingProcedure of(Function<SamplingContext, Trajectory.Factory> trajectories) {
    return new SamplingProcedure(trajectories, new RowDraw.Exact(Confidence.PROBABILITY), true);
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
