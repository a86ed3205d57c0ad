// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Units;
import io.github.md4.core.likelihood.BoundEstimator;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.TimeFloor;

/**
 * The bound on the negative log-likelihood under a power of time for each token (GenMD4, equation
 * 12; spec, Section 3.2).
 *
 * <p>For a time {@code t} drawn uniformly from [t1, 1) and {@code z_t} drawn from {@code q(z_t |
 * x)}, the diffusion term of an example is estimated by
 *
 * <pre>{@code
 * 1/t sum_n 1[zt_n = m] (w_{x_n} (-log mu_n[x_n] - 1) + sum_v w_v mu_n[v])
 * }</pre>
 *
 * which is the paper's sum over the vocabulary without a tensor for it: a weighted cross-entropy
 * and a mean of the powers. With all powers 1 it is MD4's.
 */
public record GenMd4Objective(GenMd4Schedule schedule, TimeFloor floor) implements Objective {

  @Override
  public TokenSpace space() {
    return new TokenSpace(schedule.vocabularySize());
  }

  @Override
  public double time(double u) {
    return TimeFloor.time(u);
  }

  @Override
  public int[] seen(int[] x, double t, double[] u) {
    return GenMd4Forward.mask(schedule, x, t, u);
  }

  @Override
  public MaskedBatch batch(int[][] x, int[][] seen, Condition condition) {
    return new MaskedBatch(space(), x, seen, condition);
  }

  /** Returns the terms without the reconstruction, which depends on the tokens. */
  @Override
  public Md4Objective.Terms perToken(double diffusion) {
    return new Md4Objective.Terms(diffusion, 0, 0);
  }

  @Override
  public BoundEstimator estimator() {
    return new BoundEstimator.Powered(this);
  }

  /** Returns what the sum of an example's rows counts at its time. */
  public double weight(double t) {
    return floor.factor() / t;
  }

  /**
   * Returns what each row counts in the training loss, which is the mean over the step's sequences
   * of the diffusion term in bits per token.
   *
   * @param sequences of the whole step, of which {@code batch} may be a part
   * @return [R], at least zero
   */
  @Override
  public float[] objectiveWeights(MaskedBatch batch, int sequences) {
    double[] weights = new double[batch.batchSize()];
    for (int b = 0; b < weights.length; b++) {
      weights[b] = share(batch, sequences) * weight(batch.time(b));
    }
    return batch.rowWeights(weights);
  }

  /** Returns what a nat of one sequence is in bits per token of all {@code sequences}. */
  public double share(MaskedBatch batch, int sequences) {
    return Units.bitsPerToken(1.0 / ((double) sequences * batch.length()));
  }

  /**
   * Returns the estimate of each example's diffusion term, in nats per example.
   *
   * @param ofRows what {@link DiffusionLoss#powered} gives, [R]
   * @return [B]
   */
  public double[] diffusion(MaskedBatch batch, float[] ofRows) {
    double[] estimates = batch.sumOverMasked(ofRows);
    for (int b = 0; b < estimates.length; b++) {
      estimates[b] *= weight(batch.time(b));
    }
    return estimates;
  }

  /** As {@link #diffusion(MaskedBatch, float[])}, the guesses being the network's. */
  public double[] diffusion(NDManager parent, Denoiser denoiser, MaskedBatch batch) {
    try (NDManager scope = parent.newSubManager()) {
      NDArray logits = denoiser.logits(batch.zt(scope), batch.condition(), batch.rows(scope));
      NDArray powers = scope.create(narrowPowers());
      NDArray ofRows = DiffusionLoss.powered(logits, batch.targets(scope), powers);
      return diffusion(batch, ofRows.toFloatArray());
    }
  }

  /** Returns the reconstruction term of an example, in nats; it depends on its tokens. */
  public double reconstruction(int[] x) {
    double sum = 0;
    for (int token : x) {
      sum += schedule.reconstruction(token);
    }
    return sum;
  }

  /** Returns the powers in float32, as the device takes them, [V]. */
  public float[] narrowPowers() {
    double[] wide = schedule.powers();
    float[] narrow = new float[wide.length];
    for (int v = 0; v < wide.length; v++) {
      narrow[v] = (float) wide[v];
    }
    return narrow;
  }
}
