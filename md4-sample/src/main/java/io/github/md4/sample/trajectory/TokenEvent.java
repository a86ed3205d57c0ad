// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

/**
 * A change of one position.
 *
 * @param sample the index of its {@link InitialSequence}
 * @param point the step, and the time on the grid
 * @param position the token's place in the sequence, in [0, N)
 * @param token the new token, in [0, V); the mask V if the position is masked again
 * @param probability the probability of the token under the network, in [0, 1]; NaN for the mask
 */
public record TokenEvent(
    long sample, GridPoint point, int position, int token, double probability) {}
