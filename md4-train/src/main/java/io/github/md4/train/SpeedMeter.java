// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.train.TrainingListener.Speed;

/** Tokens a second since it was last started, and the share of the device's peak that they are. */
final class SpeedMeter {
  private final double shareOfATokenPerSecond;
  private long tokens;
  private long since = System.nanoTime();

  /**
   * @param flopsPerToken floating-point operations of forward and backward per token, without
   *     recomputation
   * @param peak FLOPs a second; NaN where it is not known
   */
  SpeedMeter(double flopsPerToken, double peak) {
    this.shareOfATokenPerSecond = flopsPerToken / peak;
  }

  void restart() {
    tokens = 0;
    since = System.nanoTime();
  }

  void add(long more) {
    tokens += more;
  }

  Speed speed() {
    double tokensPerSecond = tokens / ((System.nanoTime() - since) * 1e-9);
    return new Speed(tokensPerSecond, tokensPerSecond * shareOfATokenPerSecond);
  }
}
