// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.service;

import static io.github.md4.core.Checks.require;

import java.time.Duration;
import java.util.Objects;

/**
 * The limits of one request. Immutable: each method that takes a value returns other limits.
 *
 * <p>All components are numbers, so that a JSON library writes and reads the record. One that is
 * null, as in JSON that lacks it, takes its default.
 *
 * @param deadlineSeconds the seconds from the submission on, above 0, after which the request fails
 *     with a {@link DeadlineException}, also while it waits; that of {@link #NEVER} by default
 * @param weight the share of calls that it gets beside others, in [1, 1000]: a request of weight 2
 *     has twice as many sequences in each call as one of weight 1, where both have as many to give;
 *     1 by default
 */
public record RequestLimits(Double deadlineSeconds, Integer weight) {
  /** The deadline of a request that has none: 292 years. */
  public static final Duration NEVER = Duration.ofNanos(Long.MAX_VALUE);

  private static final int HEAVIEST = 1000;
  private static final double NANOS = 1e9;

  /**
   * Replaces null by defaults and checks both.
   *
   * @param deadlineSeconds the seconds from the submission on, above 0, after which the request
   *     fails with a {@link DeadlineException}, also while it waits; that of {@link #NEVER} by
   *     default
   * @param weight the share of calls that it gets beside others, in [1, 1000]; 1 by default
   * @throws IllegalArgumentException if one is out of its range
   */
  public RequestLimits {
    deadlineSeconds = Objects.requireNonNullElse(deadlineSeconds, seconds(NEVER));
    weight = Objects.requireNonNullElse(weight, 1);
    require(deadlineSeconds > 0, "deadline must be more than nothing", deadlineSeconds);
    require(
        weight >= 1 && weight <= HEAVIEST, "weight must be in [1, %d]".formatted(HEAVIEST), weight);
  }

  /** {@return no deadline and the weight 1} */
  public static RequestLimits none() {
    return new RequestLimits(null, null);
  }

  /**
   * {@return the same limits with a deadline}
   *
   * @param time the time from the submission on, above 0
   * @throws IllegalArgumentException if it is not above 0
   */
  public RequestLimits within(Duration time) {
    return new RequestLimits(seconds(time), weight);
  }

  /**
   * {@return the same limits with a weight}
   *
   * @param share the request's weight among others in a shared call, in [1, 1000]
   * @throws IllegalArgumentException if it is out of this range
   */
  public RequestLimits weight(int share) {
    return new RequestLimits(deadlineSeconds, share);
  }

  /** {@return the time from the submission on after which the request fails} */
  public Duration deadline() {
    return isEndless() ? NEVER : Duration.ofNanos(Math.round(deadlineSeconds * NANOS));
  }

  /**
   * {@return the value of {@link System#nanoTime} at which a request that begins now has ended}
   *
   * @param now the value of {@link System#nanoTime} now
   */
  public long endsAt(long now) {
    return isEndless() ? Long.MAX_VALUE : now + deadline().toNanos();
  }

  private boolean isEndless() {
    return deadlineSeconds >= seconds(NEVER);
  }

  static double seconds(Duration time) {
    return time.getSeconds() + time.getNano() / NANOS;
  }
}
