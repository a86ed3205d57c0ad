// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.ForwardProcess;
import io.github.md4.core.diffusion.MaskedBatch;
import io.github.md4.core.diffusion.NegativeElbo;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.TimeSampling;

/**
 * Estimates the bound over given examples, one time and one mask an example and pass.
 *
 * <p>Times are stratified over fixed groups of {@value #GROUP} consecutive examples, and all noise
 * is a function of (seed, pass, group or example): the same times and masks for any batch size.
 */
public final class LikelihoodEstimator {
  /** Number of consecutive examples whose times are stratified together. */
  public static final int GROUP = 64;

  private final NegativeElbo elbo;
  private final ForwardProcess forward;
  private final Settings settings;
  private final Noise noise;

  /**
   * How much is computed and from what noise.
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

  public LikelihoodEstimator(NegativeElbo elbo, Settings settings) {
    this.elbo = elbo;
    this.forward = new ForwardProcess(elbo.space(), elbo.schedule());
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
    int groups = Math.toIntExact((examples.count() + GROUP - 1) / GROUP);
    GroupMeans means = new GroupMeans(groups);
    for (int pass = 0; pass < settings.passes; pass++) {
      for (long first = 0; first < examples.count(); first += settings.batchSize) {
        MaskedBatch batch = batch(examples, pass, first);
        double[] nats = elbo.diffusion(manager, denoiser, batch);
        for (int b = 0; b < nats.length; b++) {
          means.add((int) ((first + b) / GROUP), nats[b] / examples.length());
        }
        progress.done(pass * examples.count() + first + nats.length);
      }
    }
    return new LikelihoodEstimate(
        elbo.perToken(means.mean()),
        means.standardError(),
        examples.count(),
        groups,
        settings.passes,
        examples.count() * examples.length());
  }

  private MaskedBatch batch(Examples examples, int pass, long first) {
    int size = (int) Math.min(settings.batchSize, examples.count() - first);
    int[][] x = new int[size][examples.length()];
    int[][] zt = new int[size][];
    double[] times = new double[size];
    for (int b = 0; b < size; b++) {
      long index = first + b;
      examples.read(index, x[b]);
      times[b] = time(pass, index, examples.count());
      double[] u = noise.uniforms(Purpose.EVALUATION_MASK, pass, index, x[b].length);
      zt[b] = forward.mask(x[b], times[b], u);
    }
    return new MaskedBatch(elbo.space(), x, zt, times);
  }

  /** The stratified time of an example, by its place in its group. */
  private double time(int pass, long index, long count) {
    long group = index / GROUP;
    int size = (int) Math.min(GROUP, count - group * GROUP);
    double[] u = new double[size];
    u[0] = noise.uniform(Purpose.EVALUATION_TIME, pass, group, 0);
    double t = new TimeSampling.Stratified().times(u)[(int) (index % GROUP)];
    return elbo.axis().snap(t);
  }
}
