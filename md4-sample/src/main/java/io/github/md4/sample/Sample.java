// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/**
 * A sequence without masks.
 *
 * @param index that of its {@link InitialSequence}
 * @param tokens [N], in [0, V)
 * @param calls the calls of the network in which it took part
 */
public record Sample(long index, int[] tokens, int calls) {}
