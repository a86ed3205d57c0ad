// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import java.util.List;

/**
 * The requests of recent rounds, which bound the calls of the next: a request of few sequences
 * waits for a call in each of its steps, and for the one that runs when it comes. For the thread of
 * the scheduler alone.
 */
final class RecentRounds {
  /** Where several requests share a call, each has at most one of so many parts of it. */
  private static final int PARTS = 4;

  /** Beside a request of few sequences there are more parts. */
  private static final int PARTS_BESIDE_SMALL = 16;

  /** A client whose request has ended asks again within so many rounds. */
  private static final int ROUNDS_BETWEEN_REQUESTS = 4;

  private static final long NANOS_BETWEEN_CLIENTS = 1_000_000_000L;

  /** A request that runs alone has calls of so many times the positions: others wait for one. */
  private static final int ALONE = 2;

  private final long callPositions;
  private long lastSmall = Long.MIN_VALUE / 2;
  private long lastShared;
  private boolean wasShared;

  /**
   * @param callPositions the most positions of a call that several share
   */
  RecentRounds(long callPositions) {
    this.callPositions = callPositions;
  }

  /**
   * Returns the bounds of the calls of a round.
   *
   * @param jobs that have sequences in it
   * @param hasGuest whether a request makes a call of its own in it
   * @param round its number
   */
  CallBounds next(List<NetworkJob> jobs, boolean hasGuest, long round) {
    long now = System.nanoTime();
    boolean isShared = jobs.size() > 1 || hasGuest;
    if (isShared) {
      lastShared = now;
      wasShared = true;
    }
    if (hasGuest || (isShared && jobs.stream().anyMatch(this::isSmall))) {
      lastSmall = round;
    }
    if (round - lastSmall <= ROUNDS_BETWEEN_REQUESTS) {
      return new CallBounds(callPositions, callPositions / PARTS_BESIDE_SMALL);
    }
    if (isShared) {
      return new CallBounds(callPositions, callPositions / PARTS);
    }
    boolean isAlone = !wasShared || now - lastShared >= NANOS_BETWEEN_CLIENTS;
    long positions = isAlone ? Math.multiplyExact(ALONE, callPositions) : callPositions;
    return new CallBounds(positions, positions);
  }

  /** Returns whether all that a request wants is within its part. */
  private boolean isSmall(NetworkJob job) {
    long positions = 0;
    for (NetworkJob.Wanting each : job.wanting()) {
      positions += each.sequence().shown().length;
    }
    return positions <= callPositions / PARTS_BESIDE_SMALL * job.weight();
  }
}
