// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

/** The one place that turns nats into the units in which likelihoods are reported. */
public final class Units {
  private static final double NATS_PER_BIT = Math.log(2);

  private Units() {}

  /**
   * {@return bits from nats; also for a standard error, as the two are proportional} Per token of
   * text8 these are bits per character, per token of an image bits per dimension.
   *
   * @param natsPerToken a loss in nats per token
   */
  public static double bitsPerToken(double natsPerToken) {
    return natsPerToken / NATS_PER_BIT;
  }

  /**
   * {@return the perplexity, {@code exp(natsPerToken)}}
   *
   * @param natsPerToken a loss in nats per token
   */
  public static double perplexity(double natsPerToken) {
    return Math.exp(natsPerToken);
  }

  /**
   * {@return the standard error of {@link #perplexity} by the delta method, {@code
   * exp(natsPerToken) * standardError}: good while the standard error is far below one nat}
   *
   * @param natsPerToken a loss in nats per token
   * @param standardError the standard error of {@code natsPerToken}, in nats, at least 0
   */
  public static double perplexityStandardError(double natsPerToken, double standardError) {
    return perplexity(natsPerToken) * standardError;
  }
}
