// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import java.time.Duration;
import java.util.Objects;

/**
 * The limits of one request. Immutable: each method that takes a value returns other limits.
 *
 * @param deadline the time from the submission on after which the request fails with a {@link
 *     DeadlineException}, also while it waits; {@link #NEVER} for none
 * @param weight the share of calls that it gets beside others: a request of weight 2 has twice as
 *     many sequences in each call as one of weight 1, where both have as many to give
 */
public record RequestLimits(Duration deadline, int weight) {
  /** The deadline of a request that has none. */
  public static final Duration NEVER = Duration.ofNanos(Long.MAX_VALUE);

  private static final int HEAVIEST = 1000;

  /**
   * Checks both.
   *
   * @param deadline the time from the submission on after which the request fails with a {@link
   *     DeadlineException}, also while it waits; {@link #NEVER} for none
   * @param weight the share of calls that it gets beside others: a request of weight 2 has twice as
   *     many sequences in each call as one of weight 1, where both have as many to give
   */
  public RequestLimits {
    Objects.requireNonNull(deadline, "deadline");
    require(
        !deadline.isNegative() && !deadline.isZero(),
        "deadline must be more than nothing",
        deadline);
    require(
        weight >= 1 && weight <= HEAVIEST, "weight must be in [1, %d]".formatted(HEAVIEST), weight);
  }

  /** {@return no deadline and the weight 1} */
  public static RequestLimits none() {
    return new RequestLimits(NEVER, 1);
  }

  /**
   * {@return the same limits with a deadline}
   *
   * @param time from the submission on, more than nothing
   */
  public RequestLimits within(Duration time) {
    return new RequestLimits(time, weight);
  }

  /**
   * {@return the same limits with a weight}
   *
   * @param share 1 to 1,000
   */
  public RequestLimits weight(int share) {
    return new RequestLimits(deadline, share);
  }

  /** Returns the value of {@link System#nanoTime} at which a request that begins now has ended. */
  long endsAt(long now) {
    return deadline.compareTo(NEVER) >= 0 ? Long.MAX_VALUE : now + deadline.toNanos();
  }
}
