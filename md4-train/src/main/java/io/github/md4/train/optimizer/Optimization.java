// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import io.github.md4.core.ConfigGroup;
import java.util.Objects;

/**
 * The moves of the weights down their gradients (spec, Section 8).
 *
 * @param learningRate the rate over the run
 * @param optimizer betas, epsilon and weight decay of AdamW
 * @param clip the bound on large gradients
 * @param guard the treatment of an update far from those before it
 * @param average the average of the weights
 */
public record Optimization(
    LearningRateConfig learningRate,
    AdamW optimizer,
    GradientClip clip,
    SpikeGuard guard,
    MovingAverage average)
    implements ConfigGroup {
  /**
   * Checks that all are there.
   *
   * @param learningRate the rate over the run
   * @param optimizer betas, epsilon and weight decay of AdamW
   * @param clip the bound on large gradients
   * @param guard the treatment of an update far from those before it
   * @param average the average of the weights
   * @throws NullPointerException if one is null
   */
  public Optimization {
    Objects.requireNonNull(learningRate, "learningRate");
    Objects.requireNonNull(optimizer, "optimizer");
    Objects.requireNonNull(clip, "clip");
    Objects.requireNonNull(guard, "guard");
    Objects.requireNonNull(average, "average");
  }

  /**
   * {@return the paper's for text (spec, Section 6), without clip and guard, the average with a
   * warm-up}
   */
  public static Optimization defaults() {
    return new Optimization(
        LearningRateConfig.defaults(),
        AdamW.defaults(),
        new GradientClip.None(),
        new SpikeGuard.Off(),
        MovingAverage.defaults());
  }

  /**
   * {@return the same moves at another rate}
   *
   * @param rate highest rate, warm-up and decay
   */
  public Optimization withLearningRate(LearningRateConfig rate) {
    return new Optimization(rate, optimizer, clip, guard, average);
  }

  /**
   * {@return the same moves by other numbers of AdamW}
   *
   * @param numbers betas, epsilon and weight decay
   */
  public Optimization withOptimizer(AdamW numbers) {
    return new Optimization(learningRate, numbers, clip, guard, average);
  }

  /**
   * {@return the same moves with another bound on gradients}
   *
   * @param bound none, a bound on the Euclidean norm of all gradients, or on each element
   */
  public Optimization withClip(GradientClip bound) {
    return new Optimization(learningRate, optimizer, bound, guard, average);
  }

  /**
   * {@return the same moves under another guard}
   *
   * @param other what happens to an update whose loss or gradient is far from those before it
   */
  public Optimization withGuard(SpikeGuard other) {
    return new Optimization(learningRate, optimizer, clip, other, average);
  }

  /**
   * {@return the same moves with another memory of the average}
   *
   * @param memory the memory of the average, in [0, 1)
   * @throws IllegalArgumentException if it is out of this range
   */
  public Optimization withEmaRate(double memory) {
    return withAverage(new MovingAverage(memory, average.emaWarmUp()));
  }

  /**
   * {@return the same moves with another average}
   *
   * @param other the memory of the averaged weights, and its warm-up
   */
  public Optimization withAverage(MovingAverage other) {
    return new Optimization(learningRate, optimizer, clip, guard, other);
  }

  /**
   * {@return the learning rate over a run}
   *
   * @param steps the number of updates of the run, at least 1
   */
  public LearningRate rate(long steps) {
    return learningRate.over(steps);
  }
}
