// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.ConfigGroup;
import io.github.md4.train.optimizer.AdamW;
import io.github.md4.train.optimizer.GradientClip;
import io.github.md4.train.optimizer.LearningRate;
import io.github.md4.train.optimizer.SpikeGuard;

/**
 * The moves of the weights down their gradients.
 *
 * @param learningRate the rate over the run
 * @param optimizer AdamW's numbers
 * @param clip the bound on large gradients
 * @param guard the treatment of an update far from those before it
 * @param emaRate the average's memory, {@code e <- e + (1 - emaRate) (p - e)}; 0 keeps none: the
 *     averaged weights are the weights
 */
public record Optimization(
    LearningRateConfig learningRate,
    AdamW optimizer,
    GradientClip clip,
    SpikeGuard guard,
    double emaRate)
    implements ConfigGroup {

  /** Checks the average's memory. */
  public Optimization {
    require(emaRate >= 0 && emaRate < 1, "emaRate must be in [0, 1)", emaRate);
  }

  /** Returns the paper's for text. */
  public static Optimization defaults() {
    return new Optimization(
        LearningRateConfig.defaults(),
        AdamW.defaults(),
        new GradientClip.None(),
        new SpikeGuard.Off(),
        0.9999);
  }

  /** Returns the same moves at another rate. */
  public Optimization withLearningRate(LearningRateConfig rate) {
    return new Optimization(rate, optimizer, clip, guard, emaRate);
  }

  /** Returns the same moves by other numbers of AdamW. */
  public Optimization withOptimizer(AdamW numbers) {
    return new Optimization(learningRate, numbers, clip, guard, emaRate);
  }

  /** Returns the same moves with another bound on gradients. */
  public Optimization withClip(GradientClip bound) {
    return new Optimization(learningRate, optimizer, bound, guard, emaRate);
  }

  /** Returns the same moves under another guard. */
  public Optimization withGuard(SpikeGuard other) {
    return new Optimization(learningRate, optimizer, clip, other, emaRate);
  }

  /** Returns the same moves with another memory of the average. */
  public Optimization withEmaRate(double memory) {
    return new Optimization(learningRate, optimizer, clip, guard, memory);
  }

  /** Returns the rate over a run of so many updates. */
  LearningRate rate(long steps) {
    return learningRate.over(steps);
  }
}
