// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Units;
import io.github.md4.core.likelihood.BoundEstimator;
import io.github.md4.core.schedule.BoundaryTerms;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;

/**
 * The bound on the negative log-likelihood (MD4, Section 3; spec, Section 2).
 *
 * <p>For a time {@code t} drawn uniformly and {@code z_t} drawn from {@code q(z_t | x)}, the
 * diffusion term of an example is estimated by
 *
 * <pre>{@code
 * w(t) * sum_n 1[zt_n = m] log mu_n(zt, t)[x_n]
 * }</pre>
 *
 * where {@code w} is {@link TimeAxis#lossWeight}, at most zero.
 */
public record Md4Objective(TokenSpace space, MaskingSchedule schedule, TimeAxis axis)
    implements Objective {

  /**
   * The bound's terms, in nats.
   *
   * @param diffusion what the network can lower
   * @param reconstruction what is still masked at the least time
   * @param prior zero, as in the reference
   */
  public record Terms(double diffusion, double reconstruction, double prior) {

    /** Returns the terms with so much more of the reconstruction. */
    public Terms reconstructing(double more) {
      return new Terms(diffusion, reconstruction + more, prior);
    }

    /** Returns the bound. */
    public double total() {
      return diffusion + reconstruction + prior;
    }
  }

  @Override
  public double time(double u) {
    return axis.snap(u);
  }

  @Override
  public int[] seen(int[] x, double t, double[] u) {
    return new ForwardProcess(space, schedule).mask(x, t, u);
  }

  @Override
  public MaskedBatch batch(int[][] x, int[][] seen, Condition condition) {
    return new MaskedBatch(space, x, seen, condition);
  }

  @Override
  public BoundEstimator estimator() {
    return new BoundEstimator.OfTime(this);
  }

  /** Returns the terms per token, given the diffusion term's. */
  @Override
  public Terms perToken(double diffusion) {
    double reconstruction = BoundaryTerms.reconstruction(schedule, space.vocabularySize());
    return new Terms(diffusion, reconstruction, 0);
  }

  /**
   * Returns what each row's cross-entropy counts in the training loss, which is the mean over the
   * step's examples of the diffusion term in bits per token.
   *
   * @param batchSize number of examples of the whole step, of which {@code batch} may be a part
   * @return [R], at least zero
   */
  @Override
  public float[] objectiveWeights(MaskedBatch batch, int batchSize) {
    double[] weights = new double[batch.batchSize()];
    double tokens = (double) batchSize * batch.length();
    for (int b = 0; b < weights.length; b++) {
      weights[b] = Units.bitsPerToken(-axis.lossWeight(schedule, batch.time(b)) / tokens);
    }
    return batch.rowWeights(weights);
  }

  /**
   * Returns the estimate of each example's diffusion term, in nats per example.
   *
   * @param crossEntropy nats at every row, [R]
   * @return [B]
   */
  public double[] diffusion(MaskedBatch batch, float[] crossEntropy) {
    double[] estimates = batch.sumOverMasked(crossEntropy);
    for (int b = 0; b < estimates.length; b++) {
      estimates[b] *= -axis.lossWeight(schedule, batch.time(b));
    }
    return estimates;
  }

  /** As {@link #diffusion(MaskedBatch, float[])}, the cross-entropies being the network's. */
  public double[] diffusion(NDManager parent, Denoiser denoiser, MaskedBatch batch) {
    try (NDManager scope = parent.newSubManager()) {
      NDArray logits = denoiser.logits(batch.zt(scope), batch.condition(), batch.rows(scope));
      NDArray crossEntropy = DiffusionLoss.crossEntropy(logits, batch.targets(scope));
      return diffusion(batch, crossEntropy.toFloatArray());
    }
  }
}
