// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.scoring;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.MeanWithError;
import java.util.Arrays;
import java.util.List;

/**
 * The cross-entropies of samples under a scorer, in nats, and both averages in use: generative
 * perplexity (spec, Section 9.1).
 *
 * @param nats for each sample, the cross-entropy of each of its tokens but the first
 */
public record ScoredSamples(List<double[]> nats) {
  /**
   * Checks that there is a score of each.
   *
   * @param nats for each sample, the cross-entropy of each of its tokens but the first
   * @throws IllegalArgumentException if no token was scored
   */
  public ScoredSamples {
    nats = List.copyOf(nats);
    require(
        nats.stream().anyMatch(each -> each.length > 0), "there must be a token that was scored");
  }

  /** {@return {@code exp} of the mean over all tokens of all samples} */
  public double perplexityOfAllTokens() {
    return Math.exp(nats.stream().flatMapToDouble(Arrays::stream).average().orElseThrow());
  }

  /**
   * {@return the mean over samples of {@code exp} of each one's mean, as in SEDD (arXiv
   * 2310.16834)}
   */
  public double meanOfPerplexities() {
    return perplexities().mean();
  }

  /** {@return the standard error of {@link #meanOfPerplexities}; NaN for one sample} */
  public double meanOfPerplexitiesStandardError() {
    return perplexities().standardError();
  }

  private MeanWithError perplexities() {
    return MeanWithError.of(
        nats.stream()
            .filter(each -> each.length > 0)
            .mapToDouble(each -> Math.exp(Arrays.stream(each).average().orElseThrow()))
            .toArray());
  }

  /** {@return the number of tokens that were scored} */
  public long tokens() {
    return nats.stream().mapToLong(each -> each.length).sum();
  }
}
