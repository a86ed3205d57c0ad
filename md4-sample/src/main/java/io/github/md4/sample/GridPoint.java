// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/**
 * When something happens to a sequence.
 *
 * @param step the steps of the grid before it; without a grid, the calls before it
 * @param time what the network is told, in [0, 1]
 */
public record GridPoint(int step, double time) {}
