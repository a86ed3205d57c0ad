// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.scoring;

import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

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
    return perplexities().average().orElseThrow();
  }

  /** Returns the standard error of {@link #meanOfPerplexities}; NaN of one sample. */
  public double meanOfPerplexitiesStandardError() {
    double mean = meanOfPerplexities();
    double[] each = perplexities().toArray();
    double squares = Arrays.stream(each).map(p -> (p - mean) * (p - mean)).sum();
    return each.length < 2 ? Double.NaN : Math.sqrt(squares / (each.length - 1) / each.length);
  }

  /** Returns the number of tokens that were judged. */
  public long tokens() {
    return nats.stream().mapToLong(each -> each.length).sum();
  }

  private DoubleStream perplexities() {
    return nats.stream()
        .filter(each -> each.length > 0)
        .mapToDouble(each -> Math.exp(Arrays.stream(each).average().orElseThrow()));
  }
}
