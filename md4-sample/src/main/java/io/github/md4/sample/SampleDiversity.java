// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The diversity of samples. A low perplexity means little where these are low too (spec, Section
 * 9.1, has the perplexities).
 *
 * @param entropy the mean over samples of the entropy {@code -sum p ln p} of their own tokens'
 *     frequencies, nats
 * @param distinct the number of different n-grams of all samples over the number of all, for n = 1,
 *     2, ...
 */
public record SampleDiversity(double entropy, List<Double> distinct) {
  /**
   * Copies the list.
   *
   * @param entropy the mean over samples of the entropy {@code -sum p ln p} of their own tokens'
   *     frequencies, nats
   * @param distinct the number of different n-grams of all samples over the number of all, for n =
   *     1, 2, ...
   */
  public SampleDiversity {
    distinct = List.copyOf(distinct);
  }

  /**
   * {@return the diversity of samples}
   *
   * @param samples the tokens of each sample, [N] of any N; at least one sample, none empty
   * @param longest the largest n of the n-grams that are counted, at least 1; a share is NaN where
   *     no sample is so long
   * @throws IllegalArgumentException if there is no sample, an empty one, or {@code longest} is
   *     below 1
   */
  public static SampleDiversity of(List<int[]> samples, int longest) {
    require(!samples.isEmpty(), "there must be at least one sample", samples.size());
    require(
        samples.stream().allMatch(sample -> sample.length > 0), "a sample must have a token", 0);
    require(longest >= 1, "longest must be at least 1", longest);
    double entropy = samples.stream().mapToDouble(SampleDiversity::entropy).average().orElseThrow();
    Double[] distinct = new Double[longest];
    for (int n = 1; n <= longest; n++) {
      distinct[n - 1] = distinct(samples, n);
    }
    return new SampleDiversity(entropy, Arrays.asList(distinct));
  }

  /** Returns {@code -sum p ln p} over the frequencies of a sample's tokens. */
  static double entropy(int[] sample) {
    int[] sorted = sample.clone();
    Arrays.sort(sorted);
    double entropy = 0;
    int first = 0;
    for (int i = 1; i <= sorted.length; i++) {
      if (i == sorted.length || sorted[i] != sorted[first]) {
        double share = (double) (i - first) / sorted.length;
        entropy -= share * Math.log(share);
        first = i;
      }
    }
    return entropy;
  }

  /** Returns the share of different n-grams; NaN if no sample is so long. */
  private static double distinct(List<int[]> samples, int n) {
    Set<List<Integer>> different = new HashSet<>();
    long all = 0;
    for (int[] sample : samples) {
      for (int i = 0; i + n <= sample.length; i++) {
        different.add(Arrays.stream(sample, i, i + n).boxed().toList());
        all++;
      }
    }
    return (double) different.size() / all;
  }
}
