// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import java.time.Duration;

/**
 * The times after which a job is given up, and the time after which it is told for whom it waits.
 *
 * @param join from a process's start until all have arrived
 * @param patience until a process has come to where the others wait for it
 * @param silence without a sign of life: the process has been stopped, or its machine has
 * @param notice without a word while processes wait for each other at the start
 */
public record Limits(Duration join, Duration patience, Duration silence, Duration notice) {
  private static final Duration SILENCE = Duration.ofSeconds(20);
  private static final Duration NOTICE = Duration.ofSeconds(30);

  /** Makes limits with the usual silence and notices. */
  Limits(Duration join, Duration patience) {
    this(join, patience, SILENCE, NOTICE);
  }

  /** {@return five minutes until all have arrived, and ten for each other} */
  public static Limits defaults() {
    return new Limits(Duration.ofMinutes(5), Duration.ofMinutes(10));
  }

  /** Returns how long others wait for the first, which reports who is late. */
  Duration waitForFirst() {
    return patience.plus(silence);
  }
}
