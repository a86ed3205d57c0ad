// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.quality;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.MeanWithError;
import io.github.md4.core.Units;
import java.util.List;

/**
 * The quality of samples in comparison with a real text. Its two measures belong together: a
 * sampler that repeats likely tokens has few bits under the model, and little entropy.
 *
 * @param bitsPerToken the mean over samples of their bits per token under the n-gram model of the
 *     text
 * @param bitsPerTokenStandardError the standard error of that mean, bits per token; NaN for a
 *     single sample
 * @param unigramEntropy the entropy of the tokens of all samples together, bits, in [0, log2 V]
 */
public record SampleQuality(
    double bitsPerToken, double bitsPerTokenStandardError, double unigramEntropy) {

  /**
   * {@return the quality of samples, each of which counts the same whatever its length}
   *
   * @param samples the tokens of each, [N] in [0, V), N at least 1; at least one sample
   * @param model the n-gram model of real text
   * @param vocabularySize V, the number of tokens without the mask, that of the model
   * @throws IllegalArgumentException if there is no sample, one is empty, or a token is out of its
   *     range
   */
  public static SampleQuality of(List<int[]> samples, NgramModel model, int vocabularySize) {
    require(!samples.isEmpty(), "there must be at least one sample", samples.size());
    for (int[] sample : samples) {
      require(sample.length >= 1, "a sample must have at least one token", sample.length);
    }
    double[] bits = new double[samples.size()];
    long[] counts = new long[vocabularySize];
    for (int i = 0; i < bits.length; i++) {
      int[] tokens = samples.get(i);
      bits[i] = Units.bitsPerToken(model.nats(tokens) / tokens.length);
      for (int token : tokens) {
        counts[token]++;
      }
    }
    MeanWithError mean = MeanWithError.of(bits);
    return new SampleQuality(mean.mean(), mean.standardError(), entropy(counts));
  }

  private static double entropy(long[] counts) {
    double total = 0;
    for (long count : counts) {
      total += count;
    }
    double nats = 0;
    for (long count : counts) {
      nats -= count == 0 ? 0 : count / total * Math.log(count / total);
    }
    return Units.bitsPerToken(nats);
  }
}
