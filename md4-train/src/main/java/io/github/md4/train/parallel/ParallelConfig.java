// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Precision;
import java.time.Duration;

/**
 * The work of several processes on one training; of no effect on one that is alone.
 *
 * @param shardOptimizer whether each process keeps a share of the optimizer's state only
 * @param gradients the type in which gradients travel that the kernels compute in bfloat16
 * @param joinSeconds how long processes wait for each other at the start
 * @param waitSeconds how long they wait for one that does not come to where the others are
 */
public record ParallelConfig(
    boolean shardOptimizer, Precision gradients, int joinSeconds, int waitSeconds) {
  /**
   * Checks the numbers.
   *
   * @param shardOptimizer whether each process keeps a share of the optimizer's state only
   * @param gradients the type in which gradients travel that the kernels compute in bfloat16
   * @param joinSeconds how long processes wait for each other at the start
   * @param waitSeconds how long they wait for one that does not come to where the others are
   */
  public ParallelConfig {
    require(joinSeconds >= 1, "joinSeconds must be at least 1", joinSeconds);
    require(waitSeconds >= 1, "waitSeconds must be at least 1", waitSeconds);
  }

  /** {@return whole states, gradients as they are computed, and minutes of patience} */
  public static ParallelConfig defaults() {
    return new ParallelConfig(false, Precision.BFLOAT16, 300, 600);
  }

  Limits limits() {
    return new Limits(Duration.ofSeconds(joinSeconds), Duration.ofSeconds(waitSeconds));
  }
}
