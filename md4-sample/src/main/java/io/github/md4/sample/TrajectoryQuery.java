// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/**
 * The next call of the network that a trajectory needs.
 *
 * @param positions the positions at which tokens are drawn, at least one
 * @param noise the noise of these draws, [c, R]; c is the same for all trajectories of a method
 */
record TrajectoryQuery(GridPoint point, int[] positions, double[][] noise) {}
