// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.Units;
import io.github.md4.core.diffusion.BoundTerms;

/**
 * An upper bound on the negative log-likelihood, estimated, with its error.
 *
 * @param terms the bound, nats per token
 * @param standardError the standard error of the bound, nats per token, from the noise of times and
 *     masks, the data given; of a single pass, and of few groups and passes, it covers the
 *     differences of the data too. NaN for a single chunk in few passes ({@link BoundEstimate} has
 *     the interval)
 * @param degreesOfFreedom those of the standard error; 0 where it is unknown
 * @param examples how many were scored, each {@code passes} times
 * @param groups how many the standard error is taken over
 * @param passes how many times and masks each example got
 * @param tokens the number of scored tokens of all examples, in one pass
 */
public record LikelihoodEstimate(
    BoundTerms terms,
    double standardError,
    long degreesOfFreedom,
    long examples,
    long groups,
    int passes,
    long tokens) {

  /** {@return the bound, nats per token} */
  public double natsPerToken() {
    return terms.total();
  }

  /** {@return the bound, bits per token: per character or per dimension where tokens are those} */
  public double bitsPerToken() {
    return Units.bitsPerToken(natsPerToken());
  }

  /** {@return the standard error of {@link #bitsPerToken}, bits per token} */
  public double bitsPerTokenStandardError() {
    return Units.bitsPerToken(standardError);
  }

  /** {@return the perplexity per token, {@code exp(natsPerToken)}: an upper bound too} */
  public double perplexity() {
    return Units.perplexity(natsPerToken());
  }

  /** {@return the standard error of {@link #perplexity}, by the delta method} */
  public double perplexityStandardError() {
    return Units.perplexityStandardError(natsPerToken(), standardError);
  }
}
