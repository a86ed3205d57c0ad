// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Precision;
import java.time.Duration;
import java.util.Objects;

/**
 * The work of several processes on one training (docs/distributed.md); of no effect on one that is
 * alone.
 *
 * @param shardOptimizer whether each process keeps a share of the optimizer's state only (as stage
 *     1 of ZeRO, arXiv 1910.02054)
 * @param gradients the element type, float32 or bfloat16, in which gradients travel that the
 *     kernels compute in bfloat16
 * @param joinSeconds the seconds that processes wait for each other at the start, at least 1
 * @param waitSeconds the seconds that they wait for one that does not come to where the others are,
 *     at least 1
 */
public record ParallelConfig(
    boolean shardOptimizer, Precision gradients, int joinSeconds, int waitSeconds) {
  /**
   * Checks the numbers.
   *
   * @param shardOptimizer whether each process keeps a share of the optimizer's state only (as
   *     stage 1 of ZeRO, arXiv 1910.02054)
   * @param gradients the element type, float32 or bfloat16, in which gradients travel that the
   *     kernels compute in bfloat16
   * @param joinSeconds the seconds that processes wait for each other at the start, at least 1
   * @param waitSeconds the seconds that they wait for one that does not come to where the others
   *     are, at least 1
   * @throws IllegalArgumentException if a time is below 1 second
   * @throws NullPointerException if {@code gradients} is null
   */
  public ParallelConfig {
    require(joinSeconds >= 1, "joinSeconds must be at least 1", joinSeconds);
    require(waitSeconds >= 1, "waitSeconds must be at least 1", waitSeconds);
    Objects.requireNonNull(gradients, "gradients");
  }

  /**
   * {@return whole states, gradients as they are computed, 300 seconds for the start and 600 for
   * each other}
   */
  public static ParallelConfig defaults() {
    return new ParallelConfig(false, Precision.BFLOAT16, 300, 600);
  }

  Limits limits() {
    return new Limits(Duration.ofSeconds(joinSeconds), Duration.ofSeconds(waitSeconds));
  }
}
