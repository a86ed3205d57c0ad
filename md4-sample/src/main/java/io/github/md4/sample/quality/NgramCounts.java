// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.quality;

import java.util.Arrays;

/**
 * The counts of each sequence of n tokens in a text.
 *
 * @param codes the sequences as numbers in base V, rising
 * @param until the number of sequences up to and with each code
 */
record NgramCounts(int vocabularySize, long[] codes, long[] until) {

  /**
   * The tokens that follow a history.
   *
   * @param count the number of times that any token does
   * @param different the number of different tokens that do
   */
  record Followers(long count, long different) {}

  static NgramCounts of(int[] tokens, int vocabularySize, int n) {
    long[] all = new long[Math.max(0, tokens.length - n + 1)];
    for (int i = 0; i < all.length; i++) {
      long code = 0;
      for (int k = 0; k < n; k++) {
        code = code * vocabularySize + tokens[i + k];
      }
      all[i] = code;
    }
    Arrays.parallelSort(all);
    long[] codes = new long[all.length];
    long[] until = new long[all.length];
    int different = 0;
    for (int i = 0; i < all.length; i++) {
      if (i + 1 == all.length || all[i + 1] != all[i]) {
        codes[different] = all[i];
        until[different++] = i + 1L;
      }
    }
    return new NgramCounts(
        vocabularySize, Arrays.copyOf(codes, different), Arrays.copyOf(until, different));
  }

  /** Returns the number of times that a sequence stands in the text. */
  long count(long code) {
    int found = Arrays.binarySearch(codes, code);
    return found < 0 ? 0 : until(found) - until(found - 1);
  }

  /** Returns the tokens that follow the history of n - 1 tokens. */
  Followers after(long history) {
    int first = insertion(history * vocabularySize);
    int end = insertion((history + 1) * vocabularySize);
    return new Followers(until(end - 1) - until(first - 1), end - first);
  }

  private int insertion(long code) {
    int found = Arrays.binarySearch(codes, code);
    return found < 0 ? -found - 1 : found;
  }

  private long until(int place) {
    return place < 0 ? 0 : until[place];
  }
}
