// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.TimeSampling;
import java.util.ArrayList;
import java.util.List;

/**
 * An estimator of an objective's value over given examples, by one query an example and pass.
 *
 * <p>What chooses times is stratified over fixed groups of {@value #GROUP} consecutive examples,
 * and all noise is a function of (seed, pass, group or example): the same for any batch size, for
 * every estimator and for every model. All is weighted by tokens.
 */
public final class LikelihoodEstimator {
  /** Number of consecutive examples whose times are stratified together. */
  public static final int GROUP = 64;

  private final Objective objective;
  private final Settings settings;
  private final Noise noise;

  /**
   * The amount of computation and the seed of its noise.
   *
   * @param passes how many times and masks each example gets
   * @param batchSize how many examples the network sees at once; of no effect on the result but for
   *     the last bits of its arithmetic
   */
  public record Settings(long seed, int passes, int batchSize) {
    public Settings {
      if (passes < 1) {
        throw new IllegalArgumentException("passes must be at least 1: " + passes);
      }
      if (batchSize < 1) {
        throw new IllegalArgumentException("batchSize must be at least 1: " + batchSize);
      }
    }
  }

  /** Hears how many examples are done, of all passes. */
  @FunctionalInterface
  public interface Progress {
    void done(long examples);
  }

  /**
   * @param objective scores as {@link Objective#likelihood} does
   */
  public LikelihoodEstimator(Objective objective, Settings settings) {
    this.objective = objective.likelihood();
    this.settings = settings;
    this.noise = new Noise(settings.seed);
  }

  /**
   * Returns the estimate over all examples.
   *
   * @param manager where the network's arrays live, one batch at a time
   */
  public LikelihoodEstimate estimate(
      NDManager manager, Denoiser denoiser, Examples examples, Progress progress) {
    return score(manager, denoiser, examples, progress).estimate();
  }

  /** As {@link #estimate}, kept in parts, to be compared with others. */
  public BoundEstimate score(
      NDManager manager, Denoiser denoiser, Examples examples, Progress progress) {
    return score(batch -> batch.losses(manager, denoiser, objective.rowLoss()), examples, progress);
  }

  /** The losses of a batch's asked positions, nats. */
  @FunctionalInterface
  interface Losses {
    float[] of(QueryBatch batch);
  }

  /** As the public method, of a network in any form. */
  BoundEstimate score(Losses losses, Examples examples, Progress progress) {
    BoundSums sums = BoundSums.of(objective, examples, settings.passes);
    for (int pass = 0; pass < settings.passes; pass++) {
      for (long first = 0; first < examples.count(); first += settings.batchSize) {
        int size = (int) Math.min(settings.batchSize, examples.count() - first);
        double[] v = stratified(pass, first, size, examples.count());
        QueryBatch batch = batch(examples, pass, first, v);
        sums.add(first, pass, v, batch, losses.of(batch));
        progress.done(pass * examples.count() + first + size);
      }
    }
    return sums.estimate(settings);
  }

  private QueryBatch batch(Examples examples, int pass, long first, double[] v) {
    int size = v.length;
    int[][] x = new int[size][examples.length()];
    int[] labels = new int[size];
    List<Query> queries = new ArrayList<>();
    for (int b = 0; b < size; b++) {
      long index = first + b;
      examples.read(index, x[b]);
      labels[b] = examples.label(index);
      double[] u = noise.uniforms(Purpose.EVALUATION_MASK, pass, index, examples.scored(index));
      queries.add(objective.query(x[b], v[b], u));
    }
    return QueryBatch.of(x, labels, queries);
  }

  /** The stratified uniforms of consecutive examples, by their places in their groups. */
  private double[] stratified(int pass, long first, int size, long count) {
    double[] v = new double[size];
    double[] ofGroup = {};
    for (int b = 0; b < size; b++) {
      int place = (int) ((first + b) % GROUP);
      if (b == 0 || place == 0) {
        ofGroup = stratified(pass, (first + b) / GROUP, count);
      }
      v[b] = ofGroup[place];
    }
    return v;
  }

  private double[] stratified(int pass, long group, long count) {
    double[] u = new double[(int) Math.min(GROUP, count - group * GROUP)];
    u[0] = noise.uniform(Purpose.EVALUATION_TIME, pass, group, 0);
    return new TimeSampling.LowDiscrepancy().times(u);
  }
}
