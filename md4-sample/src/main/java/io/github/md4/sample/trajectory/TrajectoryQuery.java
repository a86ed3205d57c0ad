// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

import io.github.md4.core.diffusion.NoisyVectors;

/**
 * The next call of the network that a trajectory needs.
 *
 * @param point the place on the way; the network is told its time
 * @param positions the positions at which tokens are drawn, at least one
 * @param noise the noise of these draws, [c, R]; c is the same for all trajectories of a method
 * @param vectors what is added to the embedded tokens, if anything
 */
public record TrajectoryQuery(
    GridPoint point, int[] positions, double[][] noise, NoisyVectors vectors) {

  /**
   * A query that shows tokens alone.
   *
   * @param point the call, and the time on the grid
   * @param positions the positions asked, in [0, N), ascending
   * @param noise the noise of these draws, [c, R]
   */
  public TrajectoryQuery(GridPoint point, int[] positions, double[][] noise) {
    this(point, positions, noise, NoisyVectors.NONE);
  }

  /**
   * The query of an exact draw.
   *
   * @param point the call, and the time on the grid
   * @param positions the positions asked, in [0, N), ascending
   * @param u a uniform in [0, 1) for each position
   */
  public TrajectoryQuery(GridPoint point, int[] positions, double[] u) {
    this(point, positions, new double[][] {u});
  }
}
