// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The options of {@link MaskedDiffusion} for scores. Immutable: each method that takes a value
 * returns other options. A component that is null, as in JSON that lacks it, takes its default.
 *
 * @param seed any number, from which times and masks follow; a random one of 53 bits by default
 * @param groups the number of groups of stratified times, in [2, 2^20]; 8 by default
 */
public record ScoringOptions(Long seed, Integer groups) {
  private static final long RANDOM_SEEDS = 1L << 53;
  private static final int MOST_GROUPS = 1 << 20;

  /**
   * Replaces null by defaults and checks the number of groups.
   *
   * @param seed any number, from which times and masks follow; a random one of 53 bits by default
   * @param groups the number of groups of stratified times, in [2, 2^20]; 8 by default
   * @throws IllegalArgumentException if {@code groups} is out of its range
   */
  public ScoringOptions {
    seed = seed == null ? Long.valueOf(ThreadLocalRandom.current().nextLong(RANDOM_SEEDS)) : seed;
    groups = Objects.requireNonNullElse(groups, 8);
    require(groups >= 2, "groups must be at least 2", groups);
    require(groups <= MOST_GROUPS, "groups must be at most 2^20", groups);
  }

  /** {@return eight groups, with a random seed} */
  public static ScoringOptions defaults() {
    return new ScoringOptions(null, null);
  }

  /**
   * {@return the same options with a seed}
   *
   * @param other any number; the times and masks of the estimate follow from it
   */
  public ScoringOptions seed(long other) {
    return new ScoringOptions(other, groups);
  }

  /**
   * {@return the same options with another number of groups}
   *
   * @param other the number of groups, at least 2; more give a smaller standard error, a call of
   *     the network each
   * @throws IllegalArgumentException if it is below 2
   */
  public ScoringOptions groups(int other) {
    return new ScoringOptions(seed, other);
  }
}
