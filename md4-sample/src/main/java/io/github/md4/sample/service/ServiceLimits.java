// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.service;

import static io.github.md4.core.Checks.require;

import java.time.Duration;
import java.util.Objects;

/**
 * The limits of a {@code MaskedDiffusion} that serves several requests. Immutable: each method that
 * takes a value returns other limits.
 *
 * <p>All components are numbers, so that a JSON library writes and reads the record. One that is
 * null, as in JSON that lacks it, takes the value of {@link #defaults()}.
 *
 * @param requests the most requests that run or wait, at least 1; one more is an {@link
 *     OverloadedException}
 * @param positions the most positions of all sequences of the requests that run or wait, which
 *     bounds their memory, at least 1; one more is an {@link OverloadedException}
 * @param callSequences the most sequences of a call of the network, at least 1
 * @param callPositions the most positions of a call where several requests run, and half as many as
 *     a call of one that runs alone has, at least 1: the larger, the more a call does and the
 *     longer the others wait for it; a request of weight 1 has at most a quarter of them, and a
 *     sixteenth beside one of few sequences
 * @param graceSeconds the seconds that {@code MaskedDiffusion.close} gives to what runs and waits,
 *     at least 0
 */
public record ServiceLimits(
    Integer requests,
    Long positions,
    Integer callSequences,
    Integer callPositions,
    Double graceSeconds) {

  /**
   * Replaces null by defaults and checks the numbers.
   *
   * @param requests the most requests that run or wait, at least 1; one more is an {@link
   *     OverloadedException}
   * @param positions the most positions of all sequences of the requests that run or wait, which
   *     bounds their memory, at least 1; one more is an {@link OverloadedException}
   * @param callSequences the most sequences of a call of the network, at least 1
   * @param callPositions the most positions of a call where several requests run, and half as many
   *     as a call of one that runs alone has, at least 1: the larger, the more a call does and the
   *     longer the others wait for it; a request of weight 1 has at most a quarter of them, and a
   *     sixteenth beside one of few sequences
   * @param graceSeconds the seconds that {@code MaskedDiffusion.close} gives to what runs and
   *     waits, at least 0
   * @throws IllegalArgumentException if a number is out of its range
   */
  public ServiceLimits {
    requests = Objects.requireNonNullElse(requests, 4096);
    positions = Objects.requireNonNullElse(positions, 1L << 28);
    callSequences = Objects.requireNonNullElse(callSequences, 256);
    callPositions = Objects.requireNonNullElse(callPositions, 1 << 14);
    graceSeconds = Objects.requireNonNullElse(graceSeconds, 60.0);
    require(requests >= 1, "requests must be at least 1", requests);
    require(positions >= 1, "positions must be at least 1", positions);
    require(callSequences >= 1, "callSequences must be at least 1", callSequences);
    require(callPositions >= 1, "callPositions must be at least 1", callPositions);
    require(graceSeconds >= 0, "grace must be at least 0", graceSeconds);
  }

  /**
   * {@return 4,096 requests of 256 million positions in all, calls of at most 256 sequences, of
   * 16,384 positions where several requests run, and a grace of one minute}
   */
  public static ServiceLimits defaults() {
    return new ServiceLimits(null, null, null, null, null);
  }

  /**
   * {@return the same limits with another number of requests}
   *
   * @param most the most requests that run or wait, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public ServiceLimits requests(int most) {
    return new ServiceLimits(most, positions, callSequences, callPositions, graceSeconds);
  }

  /**
   * {@return the same limits with another number of positions of all requests}
   *
   * @param most the most positions of all requests together, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public ServiceLimits positions(long most) {
    return new ServiceLimits(requests, most, callSequences, callPositions, graceSeconds);
  }

  /**
   * {@return the same limits with another number of sequences of a call}
   *
   * @param most the most sequences of a call, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public ServiceLimits callSequences(int most) {
    return new ServiceLimits(requests, positions, most, callPositions, graceSeconds);
  }

  /**
   * {@return the same limits with another number of positions of a call of several requests}
   *
   * @param most the most positions of a call, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public ServiceLimits callPositions(int most) {
    return new ServiceLimits(requests, positions, callSequences, most, graceSeconds);
  }

  /**
   * {@return the same limits with another time for what runs when the model is closed}
   *
   * @param time the time that close waits for running requests, at least 0
   * @throws IllegalArgumentException if it is negative
   */
  public ServiceLimits grace(Duration time) {
    return new ServiceLimits(
        requests, positions, callSequences, callPositions, RequestLimits.seconds(time));
  }

  /** {@return the time that {@code MaskedDiffusion} gives to what runs and waits} */
  public Duration grace() {
    return Duration.ofNanos(Math.round(graceSeconds * 1e9));
  }
}
