// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/**
 * A finished sequence, without masks.
 *
 * @param index the index of its {@link InitialSequence}
 * @param tokens [N], in [0, V)
 * @param calls the number of calls of the network that drew tokens for it
 */
public record Sample(long index, int[] tokens, int calls) {}
