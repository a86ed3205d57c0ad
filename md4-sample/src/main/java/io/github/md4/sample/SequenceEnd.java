// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import java.util.Arrays;
import java.util.Collection;

/**
 * The end of a sequence at the first of some tokens among the masks that it ended with at first.
 *
 * @param first the first position after the given tokens
 * @param stops tokens that end a sequence, rising
 * @param mask the mask
 */
record SequenceEnd(int first, int[] stops, int mask) {

  static SequenceEnd of(int[] initial, Collection<Integer> stops, int mask) {
    int first = initial.length;
    while (first > 0 && initial[first - 1] == mask) {
      first--;
    }
    int[] sorted = stops.stream().mapToInt(Integer::intValue).sorted().toArray();
    return new SequenceEnd(first, sorted, mask);
  }

  /** Returns the position of the first token that ends the sequence, or its length. */
  int in(int[] z) {
    int n = first;
    while (n < z.length && Arrays.binarySearch(stops, z[n]) < 0) {
      n++;
    }
    return n;
  }

  /** Returns whether a token ends the sequence and nothing before it is masked. */
  boolean isReached(int[] z) {
    int end = in(z);
    return end < z.length && Arrays.stream(z, 0, end).noneMatch(token -> token == mask);
  }
}
