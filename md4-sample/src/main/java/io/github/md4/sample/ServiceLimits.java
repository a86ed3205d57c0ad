// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import java.time.Duration;
import java.util.Objects;

/**
 * The limits of a {@link MaskedDiffusion} that serves several requests. Immutable: each method that
 * takes a value returns other limits.
 *
 * @param requests the most requests that run or wait; one more is an {@link OverloadedException}
 * @param positions the most positions of all sequences of the requests that run or wait, which
 *     bounds their memory; one more is an {@link OverloadedException}
 * @param callSequences the most sequences of a call of the network
 * @param callPositions the most positions of a call where several requests run: the larger, the
 *     more a call does and the longer the others wait for it
 * @param grace the time that {@link MaskedDiffusion#close()} gives to what runs and waits
 */
public record ServiceLimits(
    int requests, long positions, int callSequences, int callPositions, Duration grace) {

  /**
   * Checks the numbers.
   *
   * @param requests the most requests that run or wait; one more is an {@link OverloadedException}
   * @param positions the most positions of all sequences of the requests that run or wait, which
   *     bounds their memory; one more is an {@link OverloadedException}
   * @param callSequences the most sequences of a call of the network
   * @param callPositions the most positions of a call where several requests run: the larger, the
   *     more a call does and the longer the others wait for it
   * @param grace the time that {@link MaskedDiffusion#close()} gives to what runs and waits
   */
  public ServiceLimits {
    require(requests >= 1, "requests must be at least 1", requests);
    require(positions >= 1, "positions must be at least 1", positions);
    require(callSequences >= 1, "callSequences must be at least 1", callSequences);
    require(callPositions >= 1, "callPositions must be at least 1", callPositions);
    Objects.requireNonNull(grace, "grace");
    require(!grace.isNegative(), "grace must be at least 0", grace);
  }

  /**
   * {@return 4,096 requests of 256 million positions in all, calls of at most 256 sequences, of
   * 16,384 positions where several requests run, and a grace of one minute}
   */
  public static ServiceLimits defaults() {
    return new ServiceLimits(4096, 1L << 28, 256, 1 << 14, Duration.ofMinutes(1));
  }

  /**
   * {@return the same limits with another number of requests}
   *
   * @param most the most requests that run and wait
   */
  public ServiceLimits requests(int most) {
    return new ServiceLimits(most, positions, callSequences, callPositions, grace);
  }

  /**
   * {@return the same limits with another number of positions of all requests}
   *
   * @param most the most positions of all requests together
   */
  public ServiceLimits positions(long most) {
    return new ServiceLimits(requests, most, callSequences, callPositions, grace);
  }

  /**
   * {@return the same limits with another number of sequences of a call}
   *
   * @param most the most sequences of a call
   */
  public ServiceLimits callSequences(int most) {
    return new ServiceLimits(requests, positions, most, callPositions, grace);
  }

  /**
   * {@return the same limits with another number of positions of a call of several requests}
   *
   * @param most the most positions of a call
   */
  public ServiceLimits callPositions(int most) {
    return new ServiceLimits(requests, positions, callSequences, most, grace);
  }

  /**
   * {@return the same limits with another time for what runs when the model is closed}
   *
   * @param time the time
   */
  public ServiceLimits grace(Duration time) {
    return new ServiceLimits(requests, positions, callSequences, callPositions, time);
  }
}
