// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

import io.github.md4.core.diffusion.NoisyVectors;
import java.util.Arrays;
import java.util.Optional;

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

  /** {@return the same query at no position} */
  TrajectoryQuery ended() {
    return new TrajectoryQuery(point, new int[0], new double[noise.length][0], vectors);
  }

  /**
   * {@return the rows of this query of which {@code other} is; empty where it is no part of this:
   * where its time is another, or one of its positions is not here with the same noise}
   *
   * @param other a query with noise of one number a position, as this one
   */
  Optional<int[]> rows(TrajectoryQuery other) {
    int[] rows = new int[other.positions.length];
    for (int r = 0; r < rows.length; r++) {
      rows[r] = Arrays.binarySearch(positions, other.positions[r]);
      if (rows[r] < 0 || noise[0][rows[r]] != other.noise[0][r]) {
        return Optional.empty();
      }
    }
    return point.time() == other.point.time() ? Optional.of(rows) : Optional.empty();
  }
}
