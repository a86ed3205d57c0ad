// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import io.github.md4.train.speed.FlopCount;
import io.github.md4.train.speed.Spread;

/**
 * How fast a configuration trains.
 *
 * @param parts of a step
 * @param gapMilliseconds the most that the device waits for the host in a step; NaN where there is
 *     no GPU
 * @param work what is computed
 */
public record BenchResult(
    Throughput throughput, StepTimes parts, double gapMilliseconds, MemoryUse memory, Work work) {

  /**
   * The speed of windows of steps that ran freely.
   *
   * @param tokensAStep batch size times length
   * @param milliseconds of a step
   */
  public record Throughput(long tokensAStep, Spread tokensPerSecond, Spread milliseconds) {

    /** Returns the speed from each window's milliseconds a step. */
    static Throughput of(long tokensAStep, double... milliseconds) {
      double[] speeds = new double[milliseconds.length];
      for (int i = 0; i < speeds.length; i++) {
        speeds[i] = tokensAStep / milliseconds[i] * 1e3;
      }
      return new Throughput(tokensAStep, Spread.of(speeds), Spread.of(milliseconds));
    }
  }

  /**
   * What is computed, and the most that could be.
   *
   * @param code which code computes it
   * @param flops of a token
   * @param ceilingSize rows of the square product that the ceiling was measured with
   * @param ceiling floating-point operations a second of that product
   */
  public record Work(
      String code, long parameters, FlopCount flops, int ceilingSize, double ceiling) {}

  /** Returns dense-equivalent operations a second, in median. */
  public double flopsPerSecond() {
    return throughput.tokensPerSecond.median() * work.flops.denseEquivalent();
  }

  /** Returns the share of the ceiling that is reached, dense-equivalent. */
  public double shareOfCeiling() {
    return flopsPerSecond() / work.ceiling;
  }
}
