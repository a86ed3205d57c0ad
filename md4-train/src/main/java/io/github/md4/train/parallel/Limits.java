// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import static io.github.md4.core.Checks.require;

import java.time.Duration;
import java.util.List;

/**
 * The times after which a job is given up, and the time after which it is told for whom it waits.
 *
 * @param join the time from a process's start until all have arrived
 * @param patience the time until a process has come to where the others wait for it
 * @param silence the time without a sign of life after which a process or its machine counts as
 *     stopped
 * @param notice the time between two notices while processes wait for each other at the start
 */
public record Limits(Duration join, Duration patience, Duration silence, Duration notice) {
  /**
   * Checks that each is a time.
   *
   * @param join the time from a process's start until all have arrived
   * @param patience the time until a process has come to where the others wait for it
   * @param silence the time without a sign of life after which a process or its machine counts as
   *     stopped
   * @param notice the time between two notices while processes wait for each other at the start
   * @throws IllegalArgumentException if one is not above 0
   */
  public Limits {
    for (Duration each : List.of(join, patience, silence, notice)) {
      require(!each.isNegative() && !each.isZero(), "a limit must be above 0", each);
    }
  }

  private static final Duration SILENCE = Duration.ofSeconds(20);
  private static final Duration NOTICE = Duration.ofSeconds(30);

  /** Makes limits with the usual silence and notices. */
  Limits(Duration join, Duration patience) {
    this(join, patience, SILENCE, NOTICE);
  }

  /**
   * {@return five minutes until all have arrived, ten for each other, 20 seconds of silence, a
   * notice each 30 seconds}
   */
  public static Limits defaults() {
    return new Limits(Duration.ofMinutes(5), Duration.ofMinutes(10));
  }

  /** Returns how long others wait for the first, which reports who is late. */
  Duration waitForFirst() {
    return patience.plus(silence);
  }
}
