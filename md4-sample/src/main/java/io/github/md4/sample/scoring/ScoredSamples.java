// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.scoring;

import io.github.md4.core.MeanWithError;
import java.util.Arrays;
import java.util.List;

/**
 * Samples' cross-entropies under a judge, in nats, and both averages in use.
 *
 * @param nats for each sample that of each of its tokens but the first
 */
public record ScoredSamples(List<double[]> nats) {
  public ScoredSamples {
    nats = List.copyOf(nats);
    if (nats.stream().allMatch(each -> each.length == 0)) {
      throw new IllegalArgumentException("there must be a token that was judged");
    }
  }

  /** Returns {@code exp} of the mean over all tokens of all samples. */
  public double perplexityOfAllTokens() {
    return Math.exp(nats.stream().flatMapToDouble(Arrays::stream).average().orElseThrow());
  }

  /** Returns the mean over samples of {@code exp} of each one's mean (SEDD's convention). */
  public double meanOfPerplexities() {
    return perplexities().mean();
  }

  /** Returns the standard error of {@link #meanOfPerplexities}; NaN of one sample. */
  public double meanOfPerplexitiesStandardError() {
    return perplexities().standardError();
  }

  /** Returns the number of tokens that were judged. */
  public long tokens() {
    return nats.stream().mapToLong(each -> each.length).sum();
  }

  private MeanWithError perplexities() {
    return MeanWithError.of(
        nats.stream()
            .filter(each -> each.length > 0)
            .mapToDouble(each -> Math.exp(Arrays.stream(each).average().orElseThrow()))
            .toArray());
  }
}
