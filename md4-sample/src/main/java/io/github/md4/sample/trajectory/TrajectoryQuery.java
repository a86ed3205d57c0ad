// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

import io.github.md4.core.diffusion.NoisyVectors;

/**
 * The next call of the network that a trajectory needs.
 *
 * @param point the place on the way; the network is told its time
 * @param positions the R positions in [0, N) at which tokens are drawn, ascending, at least one
 * @param noise the noise of these draws, in [0, 1), [c][R]; c is the same for all trajectories of a
 *     method
 * @param vectors the vectors that are added to the embedded tokens; {@link NoisyVectors#NONE} for
 *     none
 */
public record TrajectoryQuery(
    GridPoint point, int[] positions, double[][] noise, NoisyVectors vectors) {

  /**
   * Makes a query that shows tokens alone.
   *
   * @param point the step, and the time on the grid
   * @param positions the R positions in [0, N) at which tokens are drawn, ascending, at least one
   * @param noise the noise of these draws, in [0, 1), [c][R]
   */
  public TrajectoryQuery(GridPoint point, int[] positions, double[][] noise) {
    this(point, positions, noise, NoisyVectors.NONE);
  }

  /**
   * Makes the query of an exact draw.
   *
   * @param point the step, and the time on the grid
   * @param positions the R positions in [0, N) at which tokens are drawn, ascending, at least one
   * @param u a uniform in [0, 1) for each position [R]
   */
  public TrajectoryQuery(GridPoint point, int[] positions, double[] u) {
    this(point, positions, new double[][] {u});
  }
}
