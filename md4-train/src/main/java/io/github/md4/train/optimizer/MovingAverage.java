// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.ConfigGroup;
import io.github.md4.core.Decimals;

/**
 * The exponential moving average of the weights, {@code e <- e + (1 - r) (p - e)} after each
 * update. It starts as the weights drawn at first, of which {@code emaRate^n} is left after n
 * updates at the rate r = emaRate: nearly all of it where the run is short. With a warm-up
 *
 * <pre>{@code
 * r = min(emaRate, (1 + n) / (10 + n))
 * }</pre>
 *
 * where n counts the updates before this one, so that little of the start is left after a few. The
 * reference has no warm-up (spec, Section 8); this is the one of TensorFlow's {@code
 * tf.train.ExponentialMovingAverage} with {@code num_updates}.
 *
 * @param emaRate the average's memory, {@code e <- e + (1 - emaRate) (p - e)}, in [0, 1); 0 keeps
 *     none: the averaged weights are the weights
 * @param emaWarmUp whether the memory is at most {@code (1 + n) / (10 + n)} after n updates, so
 *     that the average of a short run is not mostly its start; false in a run whose config lacks it
 */
public record MovingAverage(double emaRate, boolean emaWarmUp) implements ConfigGroup {
  private static final double FIRST = 1;
  private static final double SLOWNESS = 10;

  /**
   * Checks the average's memory.
   *
   * @param emaRate the average's memory, {@code e <- e + (1 - emaRate) (p - e)}, in [0, 1); 0 keeps
   *     none: the averaged weights are the weights
   * @param emaWarmUp whether the memory is at most {@code (1 + n) / (10 + n)} after n updates, so
   *     that the average of a short run is not mostly its start; false in a run whose config lacks
   *     it
   * @throws IllegalArgumentException if {@code emaRate} is not in [0, 1)
   */
  public MovingAverage {
    require(emaRate >= 0 && emaRate < 1, "emaRate must be in [0, 1)", emaRate);
    Decimals.requireApart("emaRate", emaRate, 1);
  }

  /** {@return the paper's memory, 0.9999, with a warm-up} */
  public static MovingAverage defaults() {
    return new MovingAverage(0.9999, true);
  }

  /**
   * {@return the memory r of an update, in [0, 1)}
   *
   * @param updates the number of updates before it, at least 0
   */
  public double rate(long updates) {
    return emaWarmUp ? Math.min(emaRate, warmUp(updates)) : emaRate;
  }

  private static double warmUp(long updates) {
    return (FIRST + updates) / (SLOWNESS + updates);
  }

  /**
   * {@return the share of the start in the average after so many updates, in [0, 1]}
   *
   * @param updates the number of updates made, at least 0
   * @throws IllegalArgumentException if it is negative
   */
  public double startShare(long updates) {
    require(updates >= 0, "updates must be at least 0", updates);
    double share = 1;
    long n = 0;
    for (; emaWarmUp && n < updates && share > 0 && warmUp(n) < emaRate; n++) {
      share *= warmUp(n);
    }
    return share * Math.pow(emaRate, (double) (updates - n));
  }
}
