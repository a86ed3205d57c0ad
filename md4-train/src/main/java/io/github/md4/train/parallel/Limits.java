// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import java.time.Duration;

/**
 * The times after which a job is given up.
 *
 * @param join from a process's start until all have arrived
 * @param patience until a process has come to where the others wait for it
 * @param silence without a sign of life: the process has been stopped, or its machine has
 */
public record Limits(Duration join, Duration patience, Duration silence) {
  private static final Duration SILENCE = Duration.ofSeconds(20);

  /** Makes limits with the usual silence. */
  Limits(Duration join, Duration patience) {
    this(join, patience, SILENCE);
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
