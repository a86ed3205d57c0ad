// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import io.github.md4.train.speed.FlopCount;
import io.github.md4.train.speed.Spread;

/**
 * The speed of a training.
 *
 * @param throughput tokens per second and milliseconds of a step
 * @param parts the times of a step's parts
 * @param gapMilliseconds the longest time that the device may wait for the host in a step, in
 *     milliseconds; NaN without a GPU
 * @param memory the memory that the training took
 * @param work the computation that is timed
 */
public record BenchResult(
    Throughput throughput, PhaseTimes parts, double gapMilliseconds, MemoryUse memory, Work work) {

  /**
   * The speed of windows of steps that ran without waiting.
   *
   * @param tokensAStep the tokens of a step over all processes, batch size times length
   * @param tokensPerSecond the tokens per second of windows of steps
   * @param milliseconds the milliseconds of a step, by windows
   */
  public record Throughput(long tokensAStep, Spread tokensPerSecond, Spread milliseconds) {

    /** Returns the speed, from the milliseconds per step of each window. */
    static Throughput of(long tokensAStep, double... milliseconds) {
      double[] speeds = new double[milliseconds.length];
      for (int i = 0; i < speeds.length; i++) {
        speeds[i] = tokensAStep / milliseconds[i] * 1e3;
      }
      return new Throughput(tokensAStep, Spread.of(speeds), Spread.of(milliseconds));
    }
  }

  /**
   * The computation and its ceiling.
   *
   * @param code the description of the code that computes it
   * @param parameters the number of elements of all parameters
   * @param flops the floating-point operations per token, without recomputation
   * @param ceilingSize the number of rows and columns of the product of the ceiling
   * @param ceiling the floating-point operations per second of that product, over all processes
   */
  public record Work(
      String code, long parameters, FlopCount flops, int ceilingSize, double ceiling) {}

  /** {@return the median of the dense-equivalent operations per second} */
  public double flopsPerSecond() {
    return throughput.tokensPerSecond.median() * work.flops.denseEquivalent();
  }

  /**
   * {@return the share of the ceiling that the dense-equivalent operations reach; above 1 where
   * what is skipped outweighs what is slow}
   */
  public double shareOfCeiling() {
    return flopsPerSecond() / work.ceiling;
  }

  /** {@return the share of the ceiling that the needed operations reach, no larger} */
  public double neededShareOfCeiling() {
    return throughput.tokensPerSecond.median() * work.flops.needed() / work.ceiling;
  }
}
