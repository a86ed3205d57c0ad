// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

/**
 * The two terms of the negative ELBO that depend on the ends of the schedule alone (MD4, Appendix
 * E; spec, Section 2.2).
 */
public final class BoundaryTerms {
  private BoundaryTerms() {}

  /**
   * {@return the reconstruction term {@code (1 - alpha(0)) ln V}, in nats per token: what is still
   * masked at time 0 is guessed uniformly}
   *
   * @param schedule the schedule that all tokens share
   * @param vocabularySize V, the number of tokens without the mask, at least 1
   * @throws IllegalArgumentException if {@code vocabularySize} is below 1
   */
  public static double reconstruction(MaskingSchedule schedule, int vocabularySize) {
    return schedule.oneMinusAlpha(0) * logOf(vocabularySize);
  }

  /**
   * {@return the prior term {@code alpha(1) ln V}, in nats per token (MD4, Appendix E): what is
   * unmasked at time 1 is guessed uniformly} md4 leaves it out of every loss it reports, and so
   * does everything here that says nothing else.
   *
   * @param schedule the schedule that all tokens share
   * @param vocabularySize V, the number of tokens without the mask, at least 1
   * @throws IllegalArgumentException if {@code vocabularySize} is below 1
   */
  public static double prior(MaskingSchedule schedule, int vocabularySize) {
    return schedule.alpha(1) * logOf(vocabularySize);
  }

  private static double logOf(int vocabularySize) {
    if (vocabularySize < 1) {
      throw new IllegalArgumentException("vocabularySize must be at least 1: " + vocabularySize);
    }
    return Math.log(vocabularySize);
  }
}
