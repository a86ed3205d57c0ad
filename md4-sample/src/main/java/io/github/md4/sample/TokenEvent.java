// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/**
 * A position has changed.
 *
 * @param sample the index of the sequence
 * @param position in [0, N)
 * @param token what it is now; the mask where it is masked again
 * @param probability of the token under the network; NaN for the mask
 */
public record TokenEvent(
    long sample, GridPoint moment, int position, int token, double probability) {}
