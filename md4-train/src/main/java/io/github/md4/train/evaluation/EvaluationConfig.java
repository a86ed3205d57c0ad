// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.evaluation;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.model.Weights;
import java.util.List;

/**
 * The evaluation of a model in training.
 *
 * @param every the number of steps between evaluations, at least 0; 0 evaluates at the end only
 * @param passes the number of times and masks of each chunk, in [1, 2^20]
 * @param chunks the number of chunks of a file that are scored, from its beginning, at least 0; 0
 *     scores all
 * @param batchSize the number of chunks in one call of the network, in [1, 2^20]
 * @param seed any number, from which times and masks follow; the same seed gives models the same
 *     noise
 * @param weights the weights that are scored, each on their own, at least one
 * @param keepBest whether the model with the lowest bound is kept, by the first file and the first
 *     weights
 */
public record EvaluationConfig(
    long every,
    int passes,
    long chunks,
    int batchSize,
    long seed,
    List<Weights> weights,
    boolean keepBest) {
  private static final int MOST = 1 << 20; // none has more: a digit too many

  /**
   * Checks every value.
   *
   * @param every the number of steps between evaluations, at least 0; 0 evaluates at the end only
   * @param passes the number of times and masks of each chunk, in [1, 2^20]
   * @param chunks the number of chunks of a file that are scored, from its beginning, at least 0; 0
   *     scores all
   * @param batchSize the number of chunks in one call of the network, in [1, 2^20]
   * @param seed any number, from which times and masks follow; the same seed gives models the same
   *     noise
   * @param weights the weights that are scored, each on their own, at least one
   * @param keepBest whether the model with the lowest bound is kept, by the first file and the
   *     first weights
   * @throws IllegalArgumentException if a number is out of its range, or no weights are named
   */
  public EvaluationConfig {
    require(every >= 0, "every must be at least 0", every);
    require(passes >= 1 && passes <= MOST, "passes must be in [1, " + MOST + "]", passes);
    require(chunks >= 0, "chunks must be at least 0", chunks);
    require(
        batchSize >= 1 && batchSize <= MOST, "batchSize must be in [1, " + MOST + "]", batchSize);
    weights = List.copyOf(weights);
    require(!weights.isEmpty(), "weights must name ema, raw or both", weights);
  }

  /**
   * {@return the reference's: every 5,000 steps, all chunks once, 512 in a call, averaged weights
   * (spec, Section 8)}
   */
  public static EvaluationConfig defaults() {
    return new EvaluationConfig(5000, 1, 0, 512, 1, List.of(Weights.EMA), false);
  }

  /**
   * {@return the same evaluation every so many steps; 0 is at the end only}
   *
   * @param steps the number of updates from one to the next; 0 for the end alone
   */
  public EvaluationConfig every(long steps) {
    return new EvaluationConfig(steps, passes, chunks, batchSize, seed, weights, keepBest);
  }

  /**
   * {@return the same evaluation with so many times and masks of each chunk}
   *
   * @param times the number of times and masks, in [1, 2^20]
   */
  public EvaluationConfig passes(int times) {
    return new EvaluationConfig(every, times, chunks, batchSize, seed, weights, keepBest);
  }

  /**
   * {@return the same evaluation of so many chunks; 0 is all}
   *
   * @param most the most chunks, at least 0; 0 for all
   */
  public EvaluationConfig chunks(long most) {
    return new EvaluationConfig(every, passes, most, batchSize, seed, weights, keepBest);
  }

  /**
   * {@return the same evaluation with so many chunks in a call of the network}
   *
   * @param examples the number of chunks, in [1, 2^20]
   */
  public EvaluationConfig batchSize(int examples) {
    return new EvaluationConfig(every, passes, chunks, examples, seed, weights, keepBest);
  }

  /**
   * {@return the same evaluation from another seed}
   *
   * @param other any number, from which times and masks follow
   */
  public EvaluationConfig seed(long other) {
    return new EvaluationConfig(every, passes, chunks, batchSize, other, weights, keepBest);
  }

  /**
   * {@return the same evaluation of these weights, each on their own}
   *
   * @param scored the weights, at least one
   */
  public EvaluationConfig weights(Weights... scored) {
    return new EvaluationConfig(every, passes, chunks, batchSize, seed, List.of(scored), keepBest);
  }

  /** {@return the same evaluation, which keeps the model with the lowest bound} */
  public EvaluationConfig keepingBest() {
    return new EvaluationConfig(every, passes, chunks, batchSize, seed, weights, true);
  }

  LikelihoodEstimator.Settings settings() {
    return new LikelihoodEstimator.Settings(seed, passes, batchSize);
  }
}
