// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.config;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Precision;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.train.optimizer.LearningRate;
import io.github.md4.train.optimizer.LearningRateConfig;
import io.github.md4.train.optimizer.Optimization;
import java.util.Objects;

/**
 * The training of a model (spec, Section 8). In a file the keys of its groups stand side by side.
 *
 * @param seed any number, from which follow initial weights, data order, times, masks and dropout
 * @param steps the number of updates, at least 1
 * @param batching the batch of an update
 * @param computation element types, kernels and recomputation
 * @param timeAxis the axis on which the loss is computed: continuous time, or a number of steps
 * @param optimization the moves of the weights: learning rate, AdamW, clipping, guard and average
 * @param powers the training of learned powers, and of a learned noise
 * @param warmStart the start of the network's weights: drawn, or those of a model
 * @param reporting the updates between two lines of metrics, and the peak they are measured against
 */
public record TrainingConfig(
    long seed,
    long steps,
    Batching batching,
    Computation computation,
    TimeAxis timeAxis,
    Optimization optimization,
    GenMd4Config powers,
    WarmStart warmStart,
    Reporting reporting) {

  /**
   * Checks the conditions between the groups.
   *
   * @param seed any number, from which follow initial weights, data order, times, masks and dropout
   * @param steps the number of updates, at least 1
   * @param batching the batch of an update
   * @param computation element types, kernels and recomputation
   * @param timeAxis the axis on which the loss is computed: continuous time, or a number of steps
   * @param optimization the moves of the weights: learning rate, AdamW, clipping, guard and average
   * @param powers the training of learned powers, and of a learned noise
   * @param warmStart the start of the network's weights: drawn, or those of a model
   * @param reporting the updates between two lines of metrics, and the peak they are measured
   *     against
   * @throws IllegalArgumentException if there is no step, or the rate's course does not fit the
   *     number of steps, such as a longer warm-up
   * @throws NullPointerException if a group is null
   */
  public TrainingConfig {
    require(steps >= 1, "steps must be at least 1", steps);
    Objects.requireNonNull(batching, "batching");
    Objects.requireNonNull(computation, "computation");
    Objects.requireNonNull(timeAxis, "timeAxis");
    Objects.requireNonNull(optimization, "optimization");
    Objects.requireNonNull(powers, "powers");
    Objects.requireNonNull(warmStart, "warmStart");
    Objects.requireNonNull(reporting, "reporting");
    LearningRate unused = optimization.rate(steps); // which checks the two together
  }

  /**
   * {@return the paper's training of text8, as the reference's configuration has it: a million
   * steps of 512 examples from seed 42 (spec, Section 6), in bfloat16}
   */
  public static TrainingConfig defaults() {
    return new TrainingConfig(
        42,
        1_000_000,
        Batching.defaults(),
        Computation.defaults(),
        new TimeAxis.Continuous(),
        Optimization.defaults(),
        GenMd4Config.defaults(),
        new WarmStart.None(),
        Reporting.defaults());
  }

  /**
   * Returns the same training of another length. The warm-up is cut to a tenth of it where it is
   * longer.
   *
   * @param updates the number of updates, at least 1
   * @return the training of that many updates
   * @throws IllegalArgumentException if it is below 1
   */
  public TrainingConfig steps(long updates) {
    LearningRateConfig rate = optimization.learningRate();
    return withSteps(updates, rate.withWarmUp(Math.min(rate.warmUp(), updates / 10)));
  }

  /**
   * {@return the same training at another highest learning rate}
   *
   * @param highest the rate after the warm-up, at least 0 and finite
   * @throws IllegalArgumentException if it is out of this range
   */
  public TrainingConfig learningRate(double highest) {
    return withSteps(steps, optimization.learningRate().withBase(highest));
  }

  /**
   * {@return the same training of other batches, each held by the device at once}
   *
   * @param examples the number of examples of an update, in [1, 2^20]
   * @throws IllegalArgumentException if it is out of this range
   */
  public TrainingConfig batchSize(int examples) {
    return withBatching(
        new Batching(examples, examples, batching.samples(), batching.timeSampling()));
  }

  /**
   * {@return the same training with products of another precision}
   *
   * @param products the element type of matrix products, float32 or bfloat16; norms, softmax and
   *     losses are float32 in both
   */
  public TrainingConfig precision(Precision products) {
    return withComputation(
        new Computation(
            products,
            computation.residual(),
            computation.kernels(),
            computation.recompute(),
            computation.tf32()));
  }

  /**
   * {@return the same training with another memory of the averaged weights}
   *
   * @param memory the memory r in {@code e <- r e + (1 - r) p}, in [0, 1); 0 keeps no average
   * @throws IllegalArgumentException if it is out of this range
   */
  public TrainingConfig emaRate(double memory) {
    return withOptimization(optimization.withEmaRate(memory));
  }

  /**
   * {@return the same training with metrics every so many steps}
   *
   * @param updates the number of updates between two metrics, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public TrainingConfig logEvery(int updates) {
    return withReporting(new Reporting(updates, reporting.peakFlops()));
  }

  /**
   * {@return the same training from another seed}
   *
   * @param other any number; the same seed, config and data give the same weights, on a CPU bit for
   *     bit
   */
  public TrainingConfig seed(long other) {
    return withSeed(other);
  }

  /**
   * As {@link #seed(long)}.
   *
   * @param other any number; the same seed, config and data give the same weights, on a CPU bit for
   *     bit
   * @return the same training from another seed
   */
  public TrainingConfig withSeed(long other) {
    return new TrainingConfig(
        other, steps, batching, computation, timeAxis, optimization, powers, warmStart, reporting);
  }

  /**
   * {@return the same training of another length and rate, which depends on it}
   *
   * @param updates the number of updates, at least 1
   * @param rate highest rate, warm-up and decay over these updates
   * @throws IllegalArgumentException if there is no update, or the rate does not fit their number
   */
  public TrainingConfig withSteps(long updates, LearningRateConfig rate) {
    return new TrainingConfig(
        seed,
        updates,
        batching,
        computation,
        timeAxis,
        optimization.withLearningRate(rate),
        powers,
        warmStart,
        reporting);
  }

  /**
   * {@return the same training of other batches}
   *
   * @param other examples, micro-batches and times of a batch
   */
  public TrainingConfig withBatching(Batching other) {
    return new TrainingConfig(
        seed, steps, other, computation, timeAxis, optimization, powers, warmStart, reporting);
  }

  /**
   * {@return the same training in another arithmetic}
   *
   * @param other element types, kernels, and what is computed twice
   */
  public TrainingConfig withComputation(Computation other) {
    return new TrainingConfig(
        seed, steps, batching, other, timeAxis, optimization, powers, warmStart, reporting);
  }

  /**
   * {@return the same training on another axis of time}
   *
   * @param other continuous time, or a number of steps
   */
  public TrainingConfig withTimeAxis(TimeAxis other) {
    return new TrainingConfig(
        seed, steps, batching, computation, other, optimization, powers, warmStart, reporting);
  }

  /**
   * {@return the same training with other moves of the weights}
   *
   * @param other learning rate, optimizer, clipping, guard and average
   */
  public TrainingConfig withOptimization(Optimization other) {
    return new TrainingConfig(
        seed, steps, batching, computation, timeAxis, other, powers, warmStart, reporting);
  }

  /**
   * {@return the same training with another training of learned powers}
   *
   * @param other the training of powers, of GenMD4 alone
   */
  public TrainingConfig withPowers(GenMd4Config other) {
    return new TrainingConfig(
        seed, steps, batching, computation, timeAxis, optimization, other, warmStart, reporting);
  }

  /**
   * {@return the same training from another start}
   *
   * @param other random weights, or those of a model folder
   */
  public TrainingConfig withWarmStart(WarmStart other) {
    return new TrainingConfig(
        seed, steps, batching, computation, timeAxis, optimization, powers, other, reporting);
  }

  /**
   * {@return the same training with other metrics}
   *
   * @param other the distance of metrics, and the peak that they are measured against
   */
  public TrainingConfig withReporting(Reporting other) {
    return new TrainingConfig(
        seed, steps, batching, computation, timeAxis, optimization, powers, warmStart, other);
  }
}
