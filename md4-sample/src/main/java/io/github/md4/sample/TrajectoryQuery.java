// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/**
 * What a walk asks the network next.
 *
 * @param positions of which it wants a token, at least one
 * @param noise what the tokens are drawn with, [c, R]; c is the same for all walks of a method
 */
record TrajectoryQuery(GridPoint moment, int[] positions, double[][] noise) {}
